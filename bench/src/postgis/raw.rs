//! The driver without us: what a careful program would write by hand.
use crate::Outcome;
use futures_util::TryStreamExt;
use std::pin::pin;
use std::time::SystemTime;
use tiepoint_core::Geometry;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, Row};

type Failure = Box<dyn std::error::Error + Sync + Send>;

/// What a polygon has besides its key.
pub(crate) const COLUMNS: &str = "geom, parcel_id, zone, population, value, created, note";

/// A connection, driven by the thread that uses it.
pub(crate) struct Raw {
    runtime: Runtime,
    client: Client,
}

/// A polygon's row in plain values: key, geometry, and the six fields.
pub(crate) struct Polygon<G>(
    #[expect(dead_code, reason = "kept, as a program would")] i64,
    (G, String, String, i64, f64, SystemTime, String),
);

/// A geometry as it came: copied once, and neither checked nor measured.
#[derive(Debug)]
pub(crate) struct Ewkb(Vec<u8>);

/// A geometry that has been checked, and copied once.
pub(crate) struct Checked(#[expect(dead_code, reason = "kept, as a program would")] Geometry);

impl<'a> FromSql<'a> for Checked {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(Geometry::from_ewkb(raw)?.0))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl<'a> FromSql<'a> for Ewkb {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Ewkb {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A UUID's bytes.
#[derive(Debug)]
struct Uuid(u128);

impl Uuid {
    fn parsed(text: &str) -> Outcome<Self> {
        Ok(Self(u128::from_str_radix(&text.replace('-', ""), 16)?))
    }
}

impl ToSql for Uuid {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        out.extend_from_slice(&self.0.to_be_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl Raw {
    pub(crate) fn connect(url: &str) -> Outcome<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (client, connection) = runtime.block_on(tokio_postgres::connect(url, NoTls))?;
        runtime.spawn(async move {
            // what ends it fails what is asked, too
            let _ = connection.await;
        });
        Ok(Self { runtime, client })
    }

    pub(crate) fn run(&mut self, sql: &str) -> Outcome {
        Ok(self.runtime.block_on(self.client.batch_execute(sql))?)
    }

    pub(crate) fn one(&mut self, sql: &str) -> Outcome<Row> {
        Ok(self.runtime.block_on(self.client.query_one(sql, &[]))?)
    }

    pub(crate) fn prepare(&mut self, sql: &str) -> Outcome<tokio_postgres::Statement> {
        Ok(self.runtime.block_on(self.client.prepare(sql))?)
    }

    pub(crate) fn rows(
        &mut self,
        statement: &tokio_postgres::Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Outcome<Vec<Row>> {
        Ok(self.runtime.block_on(self.client.query(statement, parameters))?)
    }

    /// All polygons of a table, row by row.
    pub(crate) fn polygons<G>(&mut self, table: &str) -> Outcome<Vec<Polygon<G>>>
    where
        G: for<'a> FromSql<'a>,
    {
        let sql = format!("SELECT fid, {COLUMNS} FROM {table}");
        self.runtime.block_on(async {
            let none: [&(dyn ToSql + Sync); 0] = [];
            let mut rows = pin!(self.client.query_raw(&sql, none).await?);
            let mut polygons = Vec::new();
            while let Some(row) = rows.try_next().await? {
                let fields = (
                    row.try_get(1)?,
                    row.try_get(2)?,
                    row.try_get(3)?,
                    row.try_get(4)?,
                    row.try_get(5)?,
                    row.try_get(6)?,
                    row.try_get(7)?,
                );
                polygons.push(Polygon(row.try_get(0)?, fields));
            }
            Ok(polygons)
        })
    }

    /// Changes the notes of features that are known by their ids, all or none.
    pub(crate) fn copy_and_update(&mut self, table: &str, notes: Vec<(String, String)>) -> Outcome {
        self.run("BEGIN; CREATE TEMP TABLE noted (id uuid, note text) ON COMMIT DROP")?;
        self.runtime.block_on(async {
            let copy = "COPY noted FROM STDIN (FORMAT binary)";
            let sink = self.client.copy_in(copy).await?;
            let mut writer = pin!(BinaryCopyInWriter::new(sink, &[Type::UUID, Type::TEXT]));
            for (id, note) in notes {
                let row: [&(dyn ToSql + Sync); 2] = [&Uuid::parsed(&id)?, &note];
                writer.as_mut().write(&row).await?;
            }
            Ok::<_, Box<dyn std::error::Error>>(writer.finish().await?)
        })?;
        self.run(&format!(
            "UPDATE {table} t SET note = n.note FROM noted n WHERE t.object_id = n.id; COMMIT"
        ))
    }

    /// Loads polygons with the driver's own writer of `COPY`, all or none.
    pub(crate) fn load(&mut self, table: &str, polygons: Vec<Polygon<Ewkb>>) -> Outcome {
        let sql = format!("COPY {table} ({COLUMNS}) FROM STDIN (FORMAT binary)");
        self.run("BEGIN")?;
        self.runtime.block_on(async {
            let asked = format!("SELECT {COLUMNS} FROM {table}");
            let statement = self.client.prepare(&asked).await?;
            let types: Vec<Type> =
                statement.columns().iter().map(|it| it.type_().clone()).collect();
            let sink = self.client.copy_in(&sql).await?;
            let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
            for Polygon(_, (geometry, parcel_id, zone, population, value, created, note)) in
                polygons
            {
                let row: [&(dyn ToSql + Sync); 7] =
                    [&geometry, &parcel_id, &zone, &population, &value, &created, &note];
                writer.as_mut().write(&row).await?;
            }
            writer.finish().await
        })?;
        self.run("COMMIT")
    }
}
