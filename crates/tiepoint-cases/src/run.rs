//! Asks a store the cases and says which answers are wrong.
use crate::case::{Case, Expected, Question};
use crate::query::{VALUE, aggregate, query};
use crate::same::same;
use crate::table::{Table, pk};
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tiepoint_core::{
    Aggregate, Edit, EqualityClass, ExprType, Feature, Fid, Field, LayerDefinition, Query, Schema,
    Value,
};
use tiepoint_store::{Store, StoreError, Transaction, TransactionOptions, WriteMode, Written};

/// A store that holds the layers.
pub(crate) struct Run<'a> {
    store: &'a dyn Store,
    tables: &'a BTreeMap<&'static str, Table>,
    pks: HashMap<(&'static str, Fid), i64>,
}

/// The layer in the types of the store that come nearest.
fn nearest(transaction: &dyn Transaction, table: &Table) -> LayerDefinition {
    let fields = table.definition.schema.fields().iter().map(|field| {
        let ty = transaction.nearest_type(&field.ty);
        Field { ty, ..field.clone() }
    });
    let schema = Schema::new(fields.collect()).expect("names are distinct");
    LayerDefinition { schema: schema.into(), ..table.definition.clone() }
}

/// What a store answers: rows by their keys, or an error.
type Answer = Result<Vec<i64>, String>;

impl<'a> Run<'a> {
    /// Creates the layers and writes their rows.
    pub(crate) fn load(store: &'a dyn Store, tables: &'a BTreeMap<&'static str, Table>) -> Self {
        let mut pks = HashMap::new();
        let mut transaction = store.begin(TransactionOptions::default()).expect("a transaction");
        for (name, table) in tables {
            let definition = nearest(&*transaction, table);
            transaction.create_layer(&definition).unwrap_or_else(|error| {
                panic!("layer `{name}` cannot be created: {error}");
            });
            let mut writer = transaction.writer(name, WriteMode::Rows).expect("a writer");
            for feature in &table.features {
                let key = pk(feature).expect("every row has a pk");
                match writer.write(Edit::Insert(feature.clone())) {
                    Ok(Written::Inserted { fid, .. }) => pks.insert((*name, fid), key),
                    other => panic!("layer `{name}`, row {key} cannot be written: {other:?}"),
                };
            }
            writer.finish().expect("finishes");
        }
        transaction.commit().expect("commits");
        Self { store, tables, pks }
    }

    /// What is wrong with the answer to a case, if anything.
    pub(crate) fn failure(&self, case: &Case) -> Option<String> {
        let found = catch_unwind(AssertUnwindSafe(|| self.wrong(case)));
        let wrong =
            found.unwrap_or_else(|panic| Some(format!("    panics: {}", words(&*panic))))?;
        let Case { file, line, asked, layer, evidence, .. } = case;
        let store = self.store.name();
        Some(format!(
            "cases/{file}.txt:{line}: {asked}\n    of layer {layer} in {store}, by {evidence:?}\n{wrong}\n"
        ))
    }

    fn wrong(&self, case: &Case) -> Option<String> {
        let table = &self.tables[case.layer];
        if let Question::Total(text) = case.question {
            return self.wrong_total(case, text, table);
        }
        match (&case.expected, query(case, table)) {
            (Expected::Error(part), query) => self.wrong_error(part, query),
            (_, Err(error)) => Some(differs("an answer", error)),
            (Expected::Total(_), Ok(_)) => unreachable!("only of totals"),
            (Expected::Values(values), Ok(query)) => self.wrong_values(values, &query, table),
            (Expected::Rows(_) | Expected::AllBut(_), Ok(query)) => {
                self.wrong_rows(&expected_rows(case, table), &query, case.layer)
            }
        }
    }

    /// An error has to come before the first row.
    fn wrong_error(&self, part: &str, query: Result<Query, String>) -> Option<String> {
        let answer = query.and_then(|query| match self.store.read(&query) {
            Ok(rows) => Ok(rows.count()),
            Err(error) => Err(message(&error)),
        });
        match answer {
            Err(error) if error.contains(part) => None,
            Err(error) => Some(differs(&format!("an error with `{part}`"), error)),
            Ok(rows) => Some(differs(&format!("an error with `{part}`"), format!("{rows} rows"))),
        }
    }

    /// The same rows whatever is fetched of them, within a transaction too, and as many when
    /// counted.
    fn wrong_rows(&self, expected: &[i64], query: &Query, layer: &'static str) -> Option<String> {
        let ways = [
            ("all fields", query.clone()),
            ("without geometry", query.clone().without_geometry()),
            ("the key alone", query.clone().fields(["pk"])),
            ("no field", query.clone().fields(Vec::<String>::new())),
        ];
        let wrong = ways.into_iter().find_map(|(way, query)| {
            let found = self.rows(&query, layer, |query| {
                self.store.read(query)?.collect::<Result<Vec<_>, _>>()
            });
            (found.as_deref() != Ok(expected)).then(|| wrong_answer(expected, found, way))
        });
        wrong.or_else(|| self.wrong_in_transaction(expected, query, layer)).or_else(|| {
            let count = self.store.aggregate(query, &[Aggregate::Count]).map_err(|it| message(&it));
            let right = [Value::Int(i64::try_from(expected.len()).expect("few rows"))];
            (count.as_deref() != Ok(&right))
                .then(|| differs(&format!("a count of {}", expected.len()), format!("{count:?}")))
        })
    }

    fn wrong_in_transaction(
        &self,
        expected: &[i64],
        query: &Query,
        layer: &'static str,
    ) -> Option<String> {
        let transaction = self.store.begin(TransactionOptions::default()).expect("a transaction");
        let found = self.rows(query, layer, |query| transaction.read(query)?.collect());
        (found.as_deref() != Ok(expected))
            .then(|| wrong_answer(expected, found, "in a transaction"))
    }

    fn rows(
        &self,
        query: &Query,
        layer: &'static str,
        read: impl Fn(&Query) -> Result<Vec<Feature>, StoreError>,
    ) -> Answer {
        let features = read(query).map_err(|error| message(&error))?;
        let key = |feature: &Feature| {
            let by_fid = || self.pks.get(&(layer, feature.fid.clone()?)).copied();
            pk(feature).or_else(by_fid).ok_or_else(|| "a row without key and fid".to_owned())
        };
        features.iter().map(key).collect()
    }

    fn wrong_total(&self, case: &Case, text: &str, table: &Table) -> Option<String> {
        let answer = aggregate(text, table).and_then(|aggregate| {
            let values =
                self.store.aggregate(&query(case, table)?, std::slice::from_ref(&aggregate));
            Ok((values.map_err(|error| message(&error))?.remove(0), aggregate))
        });
        match (&case.expected, answer) {
            (Expected::Error(part), Err(error)) if error.contains(part) => None,
            (Expected::Total(expected), Ok((found, aggregate))) => {
                let (ty, class) = kind_of(&aggregate, expected, table);
                (!same(expected, &found, &ty, class))
                    .then(|| differs(expected, shown(Some(&found))))
            }
            (expected, found) => Some(differs(&format!("{expected:?}"), format!("{found:?}"))),
        }
    }

    fn wrong_values(
        &self,
        expected: &[(i64, &str)],
        query: &Query,
        table: &Table,
    ) -> Option<String> {
        let expr = &query.computed[0].value;
        let bound = match expr.bind(&table.definition.schema) {
            Ok(bound) => bound,
            Err(error) => return Some(differs("values", error.to_string())),
        };
        let read = || self.store.read(query)?.collect::<Result<Vec<_>, _>>();
        let features = match read() {
            Ok(features) => features,
            Err(error) => return Some(differs("values", message(&error))),
        };
        let found: HashMap<_, _> = features.iter().map(|it| (pk(it), it.get(VALUE))).collect();
        let wrong = expected.iter().filter_map(|(pk, expected)| match found.get(&Some(*pk)) {
            Some(Some(value)) if same(expected, value, bound.ty(), bound.equality()) => None,
            Some(value) => Some(differs(&format!("{pk}: {expected}"), shown(*value))),
            None => Some(differs(&format!("{pk}: {expected}"), "no such row")),
        });
        let wrong: Vec<_> = wrong.collect();
        (!wrong.is_empty()).then(|| wrong.join("\n"))
    }
}

/// The kind of an aggregate, and how equal it is: a sum of integers is one, or a decimal where that
/// is too small.
fn kind_of(aggregate: &Aggregate, expected: &str, table: &Table) -> (ExprType, EqualityClass) {
    let bound = aggregate.argument().and_then(|it| it.bind(&table.definition.schema).ok());
    let of =
        bound.map_or((ExprType::Int, EqualityClass::Exact), |it| (it.ty().clone(), it.equality()));
    match (aggregate, of) {
        (Aggregate::Count | Aggregate::CountOf(_) | Aggregate::CountDistinct(_), _) => {
            (ExprType::Int, EqualityClass::Exact)
        }
        (Aggregate::Sum(_), (ExprType::Int, class)) if expected.parse::<i64>().is_err() => {
            (ExprType::Decimal, class)
        }
        (Aggregate::Sum(_), (ExprType::Int, class)) => (ExprType::Int, class),
        (Aggregate::Sum(_) | Aggregate::Average(_), _) => (ExprType::Real, EqualityClass::Measured),
        (Aggregate::Min(_) | Aggregate::Max(_) | Aggregate::Extent(_), of) => of,
    }
}

/// The expected rows, in the order of the table unless an order was asked for.
fn expected_rows(case: &Case, table: &Table) -> Vec<i64> {
    let all = table.pks();
    match &case.expected {
        Expected::Rows(pks) if case.question.is_ordered() => pks.clone(),
        Expected::Rows(pks) => all.into_iter().filter(|pk| pks.contains(pk)).collect(),
        Expected::AllBut(others) => all.into_iter().filter(|pk| !others.contains(pk)).collect(),
        Expected::Values(_) | Expected::Total(_) | Expected::Error(_) => Vec::new(),
    }
}

fn wrong_answer(expected: &[i64], found: Answer, way: &str) -> String {
    let listed = |pks: &[i64]| pks.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
    differs(&listed(expected), format!("{} ({way})", found.map_or_else(|it| it, |it| listed(&it))))
}

fn differs(expected: &str, found: impl std::fmt::Display) -> String {
    format!("    expected {expected}\n    found    {found}")
}

fn shown(value: Option<&Value>) -> String {
    match value {
        Some(Value::Geometry(geometry)) => geometry.to_wkt(),
        other => format!("{other:?}"),
    }
}

/// An error's words, those of its causes, and its hint.
fn message(error: &StoreError) -> String {
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(source) = cause {
        words.push(source.to_string());
        cause = source.source();
    }
    words.extend(error.hint().map(|hint| format!("hint: {hint}")));
    words.join(": ")
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::read;
    use crate::table::tables;
    use tiepoint_store::MemoryStore;

    const RIGHT: &str = "layer points
pk > 3 => 5 4
x(geom) > 0 => none
cnt IS NOT NULL => all
value: cnt + 1 => 1: 101; 5: -199
value: name => 5: null
order: pk => 1 2 3 4 5
order: cnt desc limit 2 where pk > 1 => 4 3
box: -70 67 -60 80 => 2 4
nearest: 1 POINT(-71 78) => 5
total: sum cnt => 800
name = 5 => error: cannot be compared
name = => error: at character";

    const WRONG: &str = "layer points
pk > 3 => 5
pk > 3 => all
x(geom) > 0 => 1
cnt IS NOT NULL => all but 3
value: cnt + 1 => 1: 101; 5: -198
value: cnt + 1.5 => 1: 101.50000001
value: name => 5: ''
order: pk => 1 2 3 5 4
order: cnt desc limit 2 where pk > 1 => 3 4
box: -70 67 -60 80 => 2
nearest: 1 POINT(-71 78) => 1
total: sum cnt => 801
name = 5 => error: cannot be sorted
name = 'x' => error: cannot be compared
nmae = 'x' => none
value: nmae => 1: null";

    #[test]
    fn right_answers_pass_and_wrong_ones_are_listed_with_their_line() {
        let (store, tables) = (MemoryStore::new(), tables());
        let run = Run::load(&store, &tables);
        for case in read("right", RIGHT) {
            assert_eq!(run.failure(&case), None);
        }
        for case in read("wrong", WRONG) {
            let failure = run.failure(&case).unwrap_or_else(|| panic!("line {} passes", case.line));
            assert!(failure.starts_with(&format!("cases/wrong.txt:{}: ", case.line)), "{failure}");
            assert!(failure.contains("expected") && failure.contains("found"), "{failure}");
        }
    }
}
