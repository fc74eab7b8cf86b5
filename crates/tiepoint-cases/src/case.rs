//! The cases, read from their files.
use crate::split::split;
use crate::table::files;

/// One question and its answer.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) file: &'static str,
    pub(crate) line: usize,
    /// What is asked, as it is written.
    pub(crate) asked: &'static str,
    pub(crate) layer: &'static str,
    pub(crate) question: Question,
    pub(crate) expected: Expected,
    pub(crate) evidence: Evidence,
}

/// What sort of question it is, and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    Filter(&'static str),
    Value(&'static str),
    Order(&'static str),
    Box(&'static str),
    Nearest(&'static str),
    Total(&'static str),
}

/// What the answer is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// These rows.
    Rows(Vec<i64>),
    /// All rows but these.
    AllBut(Vec<i64>),
    /// Rows and what the value is for them, as it is written.
    Values(Vec<(i64, &'static str)>),
    /// One value of all rows, as it is written.
    Total(&'static str),
    /// An error whose message has this part.
    Error(&'static str),
}

/// What decides that an answer is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// PostGIS answers the same.
    Postgis,
    /// `GeographicLib` does.
    Geodesic,
    /// The definition of the functions, where no witness has the same notion.
    Definition,
    /// An error: the definition, too.
    Refusal,
}

/// All cases, in the order of their files.
pub(crate) fn cases() -> Vec<Case> {
    let files = files!("cases": "collections" "errors" "geometry" "logic" "measures" "nulls" "numbers"
        "orders" "predicates" "qgis" "text" "things" "time" "totals" "world");
    files.into_iter().flat_map(|(file, text)| read(file, text)).collect()
}

pub(crate) fn read(file: &'static str, text: &'static str) -> Vec<Case> {
    let mut reader = Reader { file, cases: Vec::new(), layer: "", evidence: Evidence::Postgis };
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        let is_sense =
            line.trim().is_empty() || line.starts_with('#') || reader.line(line, number).is_some();
        assert!(is_sense, "{file}.txt:{number}: `{line}` makes no sense");
    }
    reader.cases
}

/// What has been read of a file, and what holds for its next case.
struct Reader {
    file: &'static str,
    cases: Vec<Case>,
    layer: &'static str,
    evidence: Evidence,
}

impl Reader {
    /// Takes one line; `None` when it makes no sense.
    fn line(&mut self, line: &'static str, number: usize) -> Option<()> {
        if let Some(remark) = line.strip_prefix("  ") {
            let case = self.cases.last_mut()?;
            case.evidence = remarked(remark).unwrap_or(case.evidence);
        } else if line.starts_with("== ") {
            self.evidence = Evidence::Postgis;
        } else if let Some(name) = line.strip_prefix("layer ") {
            self.layer = name;
        } else if let Some(remark) = line.strip_prefix("evidence: ") {
            self.evidence = stated(remark)?;
        } else {
            let (asked, expected) = line.rsplit_once(" => ")?;
            let question = Question::of(asked);
            let expected = Expected::of(expected, question)?;
            let is_error = matches!(expected, Expected::Error(_));
            let evidence = if is_error { Evidence::Refusal } else { self.evidence };
            let Self { file, layer, .. } = *self;
            self.cases.push(Case {
                file,
                line: number,
                asked,
                layer,
                question,
                expected,
                evidence,
            });
        }
        Some(())
    }
}

/// What an indented line says of the case above it.
fn remarked(remark: &str) -> Option<Evidence> {
    match remark.trim() {
        "sql: geodesic" => Some(Evidence::Geodesic),
        remark if remark.starts_with("definition: ") => Some(Evidence::Definition),
        _ => None,
    }
}

fn stated(remark: &str) -> Option<Evidence> {
    Some(match remark.split(':').next()? {
        "postgis" => Evidence::Postgis,
        "geodesic" => Evidence::Geodesic,
        "definition" => Evidence::Definition,
        _ => return None,
    })
}

impl Question {
    fn of(asked: &'static str) -> Self {
        match asked.split_once(": ") {
            Some(("value", rest)) => Self::Value(rest),
            Some(("order", rest)) => Self::Order(rest),
            Some(("box", rest)) => Self::Box(rest),
            Some(("nearest", rest)) => Self::Nearest(rest),
            Some(("total", rest)) => Self::Total(rest),
            _ => Self::Filter(asked),
        }
    }

    /// Whether rows come in an order that was asked for.
    pub(crate) fn is_ordered(self) -> bool {
        matches!(self, Self::Order(_) | Self::Nearest(_))
    }
}

impl Expected {
    fn of(text: &'static str, question: Question) -> Option<Self> {
        if let Some(part) = text.strip_prefix("error: ") {
            return Some(Self::Error(part));
        }
        if let Question::Value(_) = question {
            let pair = |pair: &'static str| {
                let (pk, value) = pair.split_once(": ")?;
                Some((pk.parse().ok()?, value))
            };
            return split(text, ";").into_iter().map(pair).collect::<Option<_>>().map(Self::Values);
        }
        if let Question::Total(_) = question {
            return Some(Self::Total(text));
        }
        let rows = |text: &str| text.split(' ').map(|pk| pk.parse().ok()).collect::<Option<_>>();
        match (text, text.strip_prefix("all but ")) {
            ("none", _) => Some(Self::Rows(Vec::new())),
            ("all", _) => Some(Self::AllBut(Vec::new())),
            (_, Some(others)) => rows(others).map(Self::AllBut),
            _ => rows(text).map(Self::Rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint_core::{Function, SpatialPredicate, TemporalPredicate};

    #[test]
    fn a_line_says_what_is_asked_and_what_the_answer_is() {
        let text = "== Title\n# remark\nlayer plan\na => b = 5 => 3 7\n  sql: x\nvalue: f(a) => 1: 'a; b'; 2: null\n\
            evidence: geodesic\norder: a desc => none\nbox: 1 2 3 4 => all but 2\n  definition: so\nx => error: y";
        let cases = read("some", text);
        let found: Vec<_> =
            cases.into_iter().map(|it| (it.question, it.expected, it.evidence)).collect();
        assert_eq!(
            found,
            [
                (Question::Filter("a => b = 5"), Expected::Rows(vec![3, 7]), Evidence::Postgis),
                (
                    Question::Value("f(a)"),
                    Expected::Values(vec![(1, "'a; b'"), (2, "null")]),
                    Evidence::Postgis
                ),
                (Question::Order("a desc"), Expected::Rows(vec![]), Evidence::Geodesic),
                (Question::Box("1 2 3 4"), Expected::AllBut(vec![2]), Evidence::Definition),
                (Question::Filter("x"), Expected::Error("y"), Evidence::Refusal),
            ]
        );
    }

    #[test]
    fn no_question_is_asked_twice() {
        let mut seen = std::collections::HashSet::new();
        for case in cases() {
            let asked = (case.layer, format!("{:?}", case.question));
            let is_value = matches!(case.question, Question::Value(_));
            assert!(seen.insert(asked) || is_value, "{}.txt:{}", case.file, case.line);
        }
    }

    #[test]
    fn every_expected_row_is_one_of_the_layer() {
        let tables = crate::table::tables();
        for case in cases() {
            let known = tables[case.layer].pks();
            let named: Vec<i64> = match &case.expected {
                Expected::Rows(pks) | Expected::AllBut(pks) => pks.clone(),
                Expected::Values(values) => values.iter().map(|(pk, _)| *pk).collect(),
                Expected::Total(_) | Expected::Error(_) => Vec::new(),
            };
            let stranger = named.iter().find(|pk| !known.contains(pk));
            assert_eq!(stranger, None, "{}.txt:{}", case.file, case.line);
        }
    }
    #[test]
    fn every_function_is_asked_for() {
        let asked: String = cases().iter().map(|it| it.asked.to_ascii_lowercase() + "\n").collect();
        let spatial = SpatialPredicate::ALL.map(|it| format!("s_{}(", it.name().replace('_', "")));
        let temporal = TemporalPredicate::ALL.iter().map(|it| format!("{}(", it.name()));
        let others = ["relate(", "within_distance(", "transform(", "cast("].map(str::to_owned);
        let plain = Function::PLAIN.iter().map(|it| match it {
            Function::Negate => "-cnt".to_owned(),
            Function::IsNull => "is null".to_owned(),
            it if it.name().len() > 2 && !OPERATORS.contains(it) => format!("{}(", it.name()),
            it => it.name().to_owned(),
        });
        for name in plain.chain(temporal).chain(spatial).chain(others) {
            assert!(asked.contains(&name), "nothing is asked of `{name}`");
        }
    }

    const OPERATORS: [Function; 7] = [
        Function::And,
        Function::Or,
        Function::Not,
        Function::Between,
        Function::IntDiv,
        Function::In,
        Function::Like,
    ];
}
