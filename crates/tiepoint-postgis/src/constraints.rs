//! What check constraints and defaults say of a field, in the words that the server gives back.
use tiepoint_core::{
    Domain, FieldDefault, FieldType, GeometryKind, IntWidth, KindRule, OrdinateRule, Schema, Value,
};

use crate::geometry::{KINDS_OF_CURVES, KINDS_OF_SURFACES, Rules, kind_of_name, kind_of_typmod};

/// A check constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stated {
    pub(crate) name: String,
    definition: String,
}

/// Functions whose constraints say what a field's type is.
const OF_FIELDS: &[&str] =
    &["st_srid(", "st_zmflag(", "st_geometrytype(", "geometrytype(", "st_ndims(", "octet_length("];

impl Stated {
    pub(crate) fn new(name: String, definition: String) -> Self {
        Self { name, definition }
    }

    /// The condition without the words around it.
    pub(crate) fn expression(&self) -> &str {
        let inner = self.definition.strip_prefix("CHECK (").unwrap_or(&self.definition);
        let inner = inner.strip_suffix(" NO INHERIT").unwrap_or(inner);
        inner.strip_suffix(')').unwrap_or(inner)
    }

    /// Whether the field that it is about says the same by its type or its closed set.
    pub(crate) fn says_a_field(&self, schema: &Schema) -> bool {
        let lower = self.definition.to_ascii_lowercase();
        let by_type = OF_FIELDS.iter().any(|function| lower.contains(function));
        let by_set = self.name.starts_with("tiepoint_");
        by_type || by_set && !schema.fields().is_empty()
    }

    /// What follows `function(column)`, whichever way the column is quoted.
    fn after(&self, function: &str, column: &str) -> Option<&str> {
        let quoted = format!("\"{}\"", column.replace('"', "\"\""));
        let casts = ["", "::geometry"];
        let names = [column, quoted.as_str()];
        names.into_iter().flat_map(|name| casts.map(|cast| (name, cast))).find_map(
            |(name, cast)| {
                let argument =
                    if cast.is_empty() { name.to_owned() } else { format!("({name}){cast}") };
                let call = format!("{function}({argument})");
                let at = self.definition.find(&call)?;
                Some(&self.definition[at + call.len()..])
            },
        )
    }

    fn has_comparison(&self, column: &str, comparison: &str) -> bool {
        let quoted = format!("\"{}\"", column.replace('"', "\"\""));
        let has = |name: &str| self.definition.contains(&format!("({name} {comparison})"));
        has(column) || has(&quoted)
    }
}

/// The number behind ` = `.
fn number_after_equals(text: &str) -> Option<i32> {
    let text = text.strip_prefix(" = ")?;
    let end = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// The texts in ` = 'a'::text` or ` = ANY (ARRAY['a'::text, 'b'::text])`.
fn texts_after_equals(text: &str) -> Option<Vec<String>> {
    let text = text.strip_prefix(" = ")?;
    match text.strip_prefix("ANY (ARRAY[").or_else(|| text.strip_prefix("ANY ((ARRAY[")) {
        Some(list) => literals(list),
        None => literal(text).map(|(text, _)| vec![text]),
    }
}

/// Texts with their casts, up to the bracket.
fn literals(list: &str) -> Option<Vec<String>> {
    let (mut texts, mut rest) = (Vec::new(), list);
    loop {
        let (text, after) = literal(rest)?;
        texts.push(text);
        let end = after.find([',', ']'])?;
        match after[end..].strip_prefix(", ") {
            Some(more) => rest = more,
            None => return Some(texts),
        }
    }
}

/// A quoted text and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut read = String::new();
    loop {
        let end = rest.find('\'')?;
        read.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(more) => {
                read.push('\'');
                rest = more;
            }
            None => return Some((read, rest)),
        }
    }
}

/// What a geometry column may hold, by its modifier or by constraints.
pub(crate) fn geometry_rules(modifier: i32, column: &str, stated: &[Stated]) -> Rules {
    if modifier >= 0 {
        return Rules {
            srid: Some(((modifier & 0x0FFF_FF00) - (modifier & 0x1000_0000)) >> 8),
            kind: kind_of_typmod((modifier & 0xFC) >> 2),
            z: OrdinateRule::exactly(modifier & 2 != 0),
            m: OrdinateRule::exactly(modifier & 1 != 0),
        };
    }
    let first = |function: &str| stated.iter().find_map(|it| it.after(function, column));
    let mut rules = Rules { srid: None, kind: KindRule::Any, ..Rules::ANYTHING };
    rules.srid = first("st_srid").and_then(number_after_equals);
    if let Some(names) = first("st_geometrytype").and_then(texts_after_equals) {
        rules.kind = kind_rule(&names);
    } else if let Some(names) = first("geometrytype").and_then(texts_after_equals) {
        rules.kind = old_kind_rule(&names);
    }
    if let Some(flags) = first("st_zmflag") {
        (rules.z, rules.m) = ordinates(flags);
    } else if first("st_ndims").and_then(number_after_equals) == Some(2) {
        (rules.z, rules.m) = (OrdinateRule::Prohibited, OrdinateRule::Prohibited);
    }
    rules
}

fn kind_rule(names: &[String]) -> KindRule {
    let kinds: Option<Vec<GeometryKind>> = names.iter().map(|it| kind_of_name(it)).collect();
    match kinds.as_deref() {
        Some([only]) => KindRule::Only(*only),
        Some(kinds) if kinds == KINDS_OF_CURVES => KindRule::Curve,
        Some(kinds) if kinds == KINDS_OF_SURFACES => KindRule::Surface,
        _ => KindRule::Any,
    }
}

/// The kind in the constraint that `AddGeometryColumn` made: `POINT`, `POINTM`.
fn old_kind_rule(names: &[String]) -> KindRule {
    let [name] = names else { return KindRule::Any };
    let plain = name.strip_suffix('M').unwrap_or(name);
    let kind = [name.as_str(), plain].into_iter().find_map(|it| it.parse().ok());
    kind.map_or(KindRule::Any, KindRule::Only)
}

/// The flags in ` = ANY (ARRAY[0, 2])`: 0 for XY, 1 XYM, 2 XYZ, 3 XYZM.
fn ordinates(text: &str) -> (OrdinateRule, OrdinateRule) {
    let end = text.find(')').unwrap_or(text.len());
    let has = |flag: char| text[..end].contains(flag);
    let rule = |without: bool, with: bool| match (without, with) {
        (true, false) => OrdinateRule::Prohibited,
        (false, true) => OrdinateRule::Mandatory,
        _ => OrdinateRule::Optional,
    };
    let z = rule(has('0') || has('1'), has('2') || has('3'));
    (z, rule(has('0') || has('2'), has('1') || has('3')))
}

/// A type with the limits that constraints set.
pub(crate) fn narrowed(ty: FieldType, column: &str, stated: &[Stated]) -> FieldType {
    match ty {
        FieldType::Int(IntWidth::W16) => {
            let small = |it: &Stated| {
                it.has_comparison(column, ">= '-128'::integer")
                    && it.has_comparison(column, "<= 127")
            };
            FieldType::Int(if stated.iter().any(small) { IntWidth::W8 } else { IntWidth::W16 })
        }
        FieldType::Bytes { .. } => {
            let limit = stated.iter().find_map(|it| {
                it.after("octet_length", column)?
                    .strip_prefix(" <= ")?
                    .trim_end_matches(')')
                    .parse()
                    .ok()
            });
            FieldType::Bytes { max_bytes: limit }
        }
        other => other,
    }
}

/// The closed set that a constraint of somebody else's names.
pub(crate) fn domain(ty: &FieldType, column: &str, stated: &[Stated]) -> Option<Domain> {
    if !matches!(ty, FieldType::Text { .. }) {
        return None;
    }
    let texts = stated.iter().find_map(|it| {
        let rest = it.definition.strip_prefix("CHECK ((")?;
        let quoted = format!("\"{}\"", column.replace('"', "\"\""));
        let rest = rest.strip_prefix(column).or_else(|| rest.strip_prefix(&quoted))?;
        texts_after_equals(rest)
    })?;
    Some(Domain::OneOf(texts.into_iter().map(|it| (Value::Text(it), None)).collect()))
}

/// A default: the value where it is a plain one, else the expression.
pub(crate) fn default(text: &str, ty: &FieldType) -> FieldDefault {
    default_value(text, ty)
        .map_or_else(|| FieldDefault::Expression(text.to_owned()), FieldDefault::Value)
}

fn default_value(text: &str, ty: &FieldType) -> Option<Value> {
    let plain = match literal(text) {
        Some((text, cast)) if cast.is_empty() || is_cast(cast) => text,
        Some(_) => return None,
        None => text.trim_matches(['(', ')']).to_owned(),
    };
    match ty {
        FieldType::Bool => plain.parse().ok().map(Value::Bool),
        FieldType::Int(_) => plain.parse().ok().map(Value::Int),
        FieldType::Real(_) => plain.parse().ok().map(Value::Real),
        FieldType::Decimal { .. } => plain.parse().ok().map(Value::Decimal),
        FieldType::Text { .. } if text.starts_with('\'') => Some(Value::Text(plain)),
        FieldType::Date if text.starts_with('\'') => plain.parse().ok().map(Value::Date),
        FieldType::DateTime(_) if text.starts_with('\'') => plain.parse().ok().map(Value::DateTime),
        FieldType::Time(_) if text.starts_with('\'') => plain.parse().ok().map(Value::Time),
        FieldType::Json if text.starts_with('\'') => plain.parse().ok().map(Value::Json),
        FieldType::Uuid if text.starts_with('\'') => plain.parse().ok().map(Value::Uuid),
        _ => None,
    }
}

/// `::character varying`, and nothing after it.
fn is_cast(text: &str) -> bool {
    let plain = |it: char| it.is_ascii_alphanumeric() || " _,()\".".contains(it);
    text.strip_prefix("::").is_some_and(|ty| ty.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(definition: &str) -> Stated {
        Stated::new("x".to_owned(), definition.to_owned())
    }

    #[test]
    fn the_servers_words_are_read_back() {
        let rules = geometry_rules(
            -1,
            "geom",
            &[
                stated("CHECK ((st_srid(geom) = 25832))"),
                stated(
                    "CHECK ((st_geometrytype(geom) = ANY (ARRAY['ST_LineString'::text, 'ST_CircularString'::text, 'ST_CompoundCurve'::text])))",
                ),
                stated("CHECK ((st_zmflag(geom) = ANY (ARRAY[0, 2])))"),
            ],
        );
        assert_eq!((rules.srid, rules.kind), (Some(25832), KindRule::Curve));
        assert_eq!((rules.z, rules.m), (OrdinateRule::Optional, OrdinateRule::Prohibited));
        let old = [stated("CHECK (((geometrytype(g) = 'POINT'::text) OR (g IS NULL)))")];
        assert_eq!(geometry_rules(-1, "g", &old).kind, KindRule::Only(GeometryKind::Point));
        let small = [stated("CHECK (((v >= '-128'::integer) AND (v <= 127)))")];
        assert_eq!(
            narrowed(FieldType::Int(IntWidth::W16), "v", &small),
            FieldType::Int(IntWidth::W8)
        );
        let set = [stated("CHECK ((c = ANY (ARRAY['it''s'::text, 'b'::text])))")];
        let values = vec![("it's".into(), None), ("b".into(), None)];
        assert_eq!(domain(&FieldType::TEXT, "c", &set), Some(Domain::OneOf(values)));
    }

    #[test]
    fn only_plain_defaults_are_values() {
        let value = |text: &str, ty: &FieldType| default(text, ty);
        assert_eq!(value("'it''s'::text", &FieldType::TEXT), FieldDefault::Value("it's".into()));
        assert_eq!(value("'-5'::integer", &FieldType::INT), FieldDefault::Value((-5).into()));
        let now = FieldDefault::Expression("now()".to_owned());
        assert_eq!(value("now()", &FieldType::DateTime(tiepoint_core::ZoneRule::Utc)), now);
        let joined = "'a'::text || 'b'::text";
        assert_eq!(value(joined, &FieldType::TEXT), FieldDefault::Expression(joined.to_owned()));
    }
}
