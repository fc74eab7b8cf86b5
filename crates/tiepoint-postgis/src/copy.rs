//! Loading many features at once: `COPY` in the server's own bytes.
use crate::encode;
use crate::error::Site;
use crate::kind::Kind;
use crate::link::Link;
use crate::metadata::{Key, Table};
use crate::select::parameters;
use crate::spelling::{Spelling, quoted};
use crate::streams::CopyIn;
use crate::write::{refusal, sequence};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;
use tiepoint_core::{Fid, Json, ObjectId, Value};
use tiepoint_store::{Result, StoreError, Written};

/// What every stream begins with: a signature, no flags, no extension (`copyto.c`).
pub(crate) const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
pub(crate) const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// Bytes that are sent at once: few enough to be near at hand when they are copied once more.
pub(crate) const CHUNK: usize = 64 * 1_024;
/// How many row numbers are fetched at once, at first and at most.
const FIRST_NUMBERS: usize = 1_000;
const MOST_NUMBERS: usize = 50_000;
/// More asked-for ids than this are looked up by reading all ids.
const MOST_IDS: usize = 100_000;

/// A load that is under way.
pub(crate) struct Load<'t> {
    link: &'t Link,
    site: &'t Site,
    table: Arc<Table>,
    /// The columns that are written, `None` until the first row says which.
    columns: Option<Vec<usize>>,
    copy: Option<CopyIn>,
    chunk: Vec<u8>,
    sequence: Option<String>,
    /// The field that rows are numbered in, where the number is one.
    numbered_field: Option<usize>,
    numbers: VecDeque<i64>,
    next_numbers: usize,
    asked: Vec<ObjectId>,
    asked_many: bool,
    locked: bool,
    /// Rows that earlier streams have stored, so that a row can be told by its number.
    before: u64,
    sent: u64,
}

impl<'t> Load<'t> {
    /// `None` for a layer whose rows the server alone can name: they are inserted one by one.
    pub(crate) fn open(link: &'t Link, site: &'t Site, table: &Arc<Table>) -> Result<Option<Self>> {
        if table.natural_key.is_some() {
            // each key must be looked up before it is written
            return Ok(None);
        }
        let what = format!("prepare layer `{}` for loading", table.layer.name());
        let guarded = link.query_one("SELECT row_security_active($1::oid)", &[&table.oid]);
        if guarded.map_err(site.failed(&what))?.get(0) {
            // the server checks rows one by one, and takes no stream of them
            return Ok(None);
        }
        let sequence = match &table.key {
            Key::Column(key) if key.sequence.is_some() => {
                sequence(link, table).map_err(site.failed(&what))?
            }
            Key::Column(key) if table.tie.as_ref().is_some_and(|tie| tie.column == key.name) => {
                None
            }
            _ => return Ok(None),
        };
        let numbered = matches!(&table.key, Key::Column(key) if key.is_whole());
        if numbered && sequence.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            link,
            site,
            table: Arc::clone(table),
            columns: None,
            copy: None,
            chunk: Vec::new(),
            numbered_field: match (&table.key, &sequence) {
                (Key::Column(key), Some(_)) => key.position,
                _ => None,
            },
            sequence,
            numbers: VecDeque::new(),
            next_numbers: FIRST_NUMBERS,
            asked: Vec::new(),
            asked_many: false,
            locked: false,
            before: 0,
            sent: 0,
        }))
    }

    /// Sends one more row.
    pub(crate) fn insert(
        &mut self,
        key: Option<i64>,
        id: Option<ObjectId>,
        asked: bool,
        mut values: Vec<Option<Value>>,
    ) -> Result<Written> {
        let fid = match self.numbered_field {
            Some(at) => Some(self.numbered(&mut values[at])?),
            None => self.number(key)?,
        };
        if let Some(id) = id.filter(|_| asked) {
            self.note_asked(id)?;
        }
        let written = || (0..values.len()).filter(|at| values[*at].is_some());
        if !self.columns.iter().flatten().copied().eq(written()) || self.columns.is_none() {
            self.pause()?;
            self.columns = Some(written().collect());
        }
        if self.copy.is_none() {
            self.start()?;
        }
        self.append_row(fid, id, &values)?;
        self.sent += 1;
        if self.chunk.len() >= CHUNK {
            self.flush()?;
        }
        let fid = match (fid, id) {
            (Some(number), _) => Fid::Int(number),
            (None, Some(id)) => Fid::Text(id.to_string()),
            (None, None) => Fid::Text(String::new()),
        };
        Ok(Written::Inserted { fid, id, filled: Vec::new() })
    }

    /// The number in a field: the next one where it says nothing.
    fn numbered(&mut self, value: &mut Option<Value>) -> Result<i64> {
        if let Some(Value::Int(number)) = value {
            return Ok(*number);
        }
        let number = self.number(None)?.unwrap_or_default();
        *value = Some(Value::Int(number));
        Ok(number)
    }

    /// The number of the next row, fetched with many others before the stream begins.
    fn number(&mut self, asked: Option<i64>) -> Result<Option<i64>> {
        if asked.is_some() || self.sequence.is_none() {
            return Ok(asked);
        }
        if self.numbers.is_empty() {
            self.pause()?;
            self.fetch_numbers()?;
        }
        Ok(self.numbers.pop_front())
    }

    fn fetch_numbers(&mut self) -> Result<()> {
        let what = format!("number the rows of layer `{}`", self.table.layer.name());
        let count = i64::try_from(self.next_numbers).unwrap_or(i64::MAX);
        // in one piece, as a row for each takes longer than the numbers
        let sql = "SELECT string_agg(int8send(nextval($1::text::regclass)), '')
                   FROM generate_series(1, $2::int8)";
        let row =
            self.link.query_one(sql, &[&self.sequence, &count]).map_err(self.site.failed(&what))?;
        let (numbers, _) = row.get::<_, &[u8]>(0).as_chunks();
        self.numbers.extend(numbers.iter().map(|it| i64::from_be_bytes(*it)));
        self.next_numbers = (self.next_numbers * 4).min(MOST_NUMBERS);
        Ok(())
    }

    fn note_asked(&mut self, id: ObjectId) -> Result<()> {
        if !self.locked {
            self.pause()?;
            let what = format!("lock layer `{}`", self.table.layer.name());
            crate::guards::lock(self.link, self.table.oid).map_err(self.site.failed(&what))?;
            self.locked = true;
        }
        if self.asked.len() < MOST_IDS {
            self.asked.push(id);
        } else {
            self.asked_many = true;
        }
        Ok(())
    }

    fn start(&mut self) -> Result<()> {
        let mut names: Vec<String> = Vec::new();
        if let (Some(_), None, Key::Column(key)) =
            (&self.sequence, self.numbered_field, &self.table.key)
        {
            names.push(quoted(&key.name));
        }
        names.extend(self.table.tie.iter().map(|tie| quoted(&tie.column)));
        let columns = self.columns.iter().flatten();
        names.extend(columns.map(|at| quoted(&self.table.columns[*at].name)));
        let into = self.table.sql().spell(&Spelling { table: &self.table }).sql;
        let sql = format!("COPY {into} ({}) FROM STDIN (FORMAT binary)", names.join(", "));
        let what = format!("load layer `{}`", self.table.layer.name());
        self.copy = Some(self.link.copy_in(&sql).map_err(self.site.failed(&what))?);
        self.chunk.extend(HEADER);
        Ok(())
    }

    fn append_row(
        &mut self,
        fid: Option<i64>,
        id: Option<ObjectId>,
        values: &[Option<Value>],
    ) -> Result<()> {
        let numbered = self.sequence.is_some() && self.numbered_field.is_none();
        let tied = self.table.tie.is_some();
        let fields = self.columns.as_ref().map_or(0, Vec::len);
        let count = fields + usize::from(numbered) + usize::from(tied);
        let (table, out) = (&self.table, &mut self.chunk);
        out.extend_from_slice(&i16::try_from(count).unwrap_or(i16::MAX).to_be_bytes());
        if let (true, Key::Column(key)) = (numbered, &table.key) {
            append_cell(&key.kind, 0, &fid.into(), out, self.site, table)?;
        }
        if let Some(tie) = &table.tie {
            let id = id.map(|id| *id.as_uuid());
            append_cell(&tie.kind, 0, &id.into(), out, self.site, table)?;
        }
        for (column, value) in table.columns.iter().zip(values) {
            if let Some(value) = value {
                append_cell(&column.kind, column.srid, value, out, self.site, table)?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let Some(copy) = &mut self.copy else { return Ok(()) };
        let chunk =
            Bytes::from(std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK + CHUNK / 4)));
        match copy.send(chunk) {
            Ok(()) => Ok(()),
            // what the server has against the rows is said when the stream ends
            Err(failure) => match self.copy.take().map(CopyIn::finish) {
                Some(Err(told)) => Err(self.refused(told)),
                _ => Err(self.refused(failure)),
            },
        }
    }

    /// Ends the stream, so that something else can be asked.
    pub(crate) fn pause(&mut self) -> Result<()> {
        if self.copy.is_none() {
            return Ok(());
        }
        self.chunk.extend(TRAILER);
        self.flush()?;
        if let Some(copy) = self.copy.take() {
            let stored = copy.finish().map_err(|failure| self.refused(failure))?;
            self.before += stored;
        }
        self.chunk.clear();
        Ok(())
    }

    /// Completes the load: nothing is shared that must not be. How many rows it has stored.
    pub(crate) fn finish(mut self) -> Result<u64> {
        self.pause()?;
        self.refuse_shared()?;
        Ok(self.sent)
    }

    fn refuse_shared(&mut self) -> Result<()> {
        let Some(tie) = self.table.tie.clone().filter(|_| !self.asked.is_empty()) else {
            return Ok(());
        };
        let column = quoted(&tie.column);
        let spelling = Spelling { table: &self.table };
        let from = self.table.sql().spell(&spelling).sql;
        let ids: Vec<String> = self.asked.iter().map(|id| format!("\"{id}\"")).collect();
        let ids: Json = format!("[{}]", ids.join(",")).parse().expect("quoted ids make JSON");
        let cast = if tie.kind == Kind::Uuid { "uuid" } else { "text" };
        let which =
            if self.asked_many { "TRUE".to_owned() } else { format!("{column} = ANY ($1)") };
        let sql = format!(
            "SELECT {column}::text FROM {from} WHERE {which} AND $1::{cast}[] IS NOT NULL \
             GROUP BY {column} HAVING count(*) > 1 LIMIT 1"
        );
        let bind = encode::Bind::new(Kind::Array(Box::new(tie.kind.clone())), Value::Json(ids));
        let statement = tiepoint_store::sql::Statement { sql, binds: vec![bind] };
        let what = format!("look for shared ids in layer `{}`", self.table.layer.name());
        let shared = self.link.query_opt(&statement.sql, &parameters(&statement));
        let Some(row) = shared.map_err(self.site.failed(&what))? else { return Ok(()) };
        let id: ObjectId = row.get::<_, String>(0).parse().unwrap_or_else(|_| self.asked[0]);
        Err(StoreError::DuplicateId { layer: self.table.layer.name().to_owned(), id })
    }

    fn refused(&self, failure: crate::error::Failure) -> StoreError {
        let label = match failed_line(&failure) {
            Some(line) => format!("feature {} of the load", self.before + line),
            None => "a feature of the load".to_owned(),
        };
        refusal(self.site, &self.table, failure, None, &label)
    }
}

/// The row that a stream failed at: `COPY trees, line 7, column name`.
fn failed_line(failure: &crate::error::Failure) -> Option<u64> {
    let crate::error::Failure::Server(error) = failure else { return None };
    let place = error.as_db_error()?.where_()?;
    let digits = place.split("line ").nth(1)?;
    let end = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// A field of a row: its length, then its bytes; null has the length -1.
pub(crate) fn append_cell(
    kind: &Kind,
    srid: i32,
    value: &Value,
    out: &mut Vec<u8>,
    site: &Site,
    table: &Table,
) -> Result<()> {
    if value.is_null() {
        out.extend_from_slice(&(-1_i32).to_be_bytes());
        return Ok(());
    }
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    encode::append(kind, srid, value, out)
        .map_err(|error| site.invalid(format!("layer `{}`: {error}", table.layer.name())))?;
    let length = i32::try_from(out.len() - at - 4).unwrap_or(i32::MAX);
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}
