//! Making valid geometries of invalid ones, by PostGIS.
use crate::decode::{Bytes, Reader};
use crate::encode::Bind;
use crate::error::{Failure, words};
use crate::kind::Kind;
use crate::link::Link;
use crate::transaction::marked;
use tiepoint_core::{Geometry, Value};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// How many are asked for at once.
const TOGETHER: usize = 256;

/// A valid geometry for each, or why there is none.
pub(crate) fn make_valid(
    link: &Link,
    geometries: &[Geometry],
) -> Result<Vec<Result<Geometry, String>>, Failure> {
    let mut repaired = Vec::with_capacity(geometries.len());
    for some in geometries.chunks(TOGETHER) {
        match marked(link, |link| ask(link, some)) {
            Ok(rows) => repaired.extend(rows.iter().map(read)),
            Err(failure) if failure.code().is_none() => return Err(failure),
            Err(_) => repaired.extend(some.iter().map(|one| alone(link, one))),
        }
    }
    Ok(repaired)
}

fn alone(link: &Link, geometry: &Geometry) -> Result<Geometry, String> {
    match marked(link, |link| ask(link, std::slice::from_ref(geometry))) {
        Ok(rows) => rows.first().map_or_else(|| Err("nothing came of it".to_owned()), read),
        Err(Failure::Server(error)) => Err(words(&error)),
        Err(Failure::Stopped(error)) => Err(error.to_string()),
    }
}

fn ask(link: &Link, geometries: &[Geometry]) -> Result<Vec<Row>, Failure> {
    let rows = (1..=geometries.len()).map(|at| format!("({at}, ${at}::geometry)"));
    let rows = rows.collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT ST_MakeValid(g) FROM (VALUES {rows}) v (n, g) ORDER BY n");
    let bind = |it: &Geometry| Bind::new(Kind::Geometry, Value::Geometry(it.clone()));
    let binds: Vec<Bind> = geometries.iter().map(bind).collect();
    let parameters: Vec<_> = binds.iter().map(|it| it as &(dyn ToSql + Sync)).collect();
    link.query(&sql, &parameters)
}

fn read(row: &Row) -> Result<Geometry, String> {
    let bytes = row.try_get::<_, Option<Bytes<'_>>>(0).ok().flatten();
    let bytes = bytes.ok_or("nothing came of it")?;
    match (Reader { kind: &Kind::Geometry, srid: 0 }).value(bytes.0)? {
        Value::Geometry(geometry) => Ok(geometry),
        _ => Err("nothing came of it".to_owned()),
    }
}
