//! The words of CQL2: names of functions, reserved words, what a property's name may consist of.
use super::error::{Fault, Read};
use tiepoint_core::{ExprType, Function, GeometryKind, SpatialPredicate, TemporalPredicate};

/// The function that stands for the object id.
pub(super) const OBJECT_ID: &str = "object_id";

/// What a name may call.
#[derive(Debug, Clone)]
pub(super) enum Callee {
    /// A function that is all in its name.
    Plain(Function),
    /// `object_id()`.
    ObjectId,
    /// `within_distance(a, b, limit, unit)`.
    WithinDistance,
    /// `relate(a, b, pattern)`.
    Relate,
    /// `transform(geometry, crs)`.
    Transform,
    /// `cast(value, kind)`.
    Cast,
}

/// The functions with parameters that are no expressions.
const SPECIAL: [(&str, Callee); 5] = [
    (OBJECT_ID, Callee::ObjectId),
    ("within_distance", Callee::WithinDistance),
    ("relate", Callee::Relate),
    ("transform", Callee::Transform),
    ("cast", Callee::Cast),
];

/// The function of that name, case ignored.
pub(super) fn callee(name: &str, at: usize) -> Read<Callee> {
    let special = SPECIAL.iter().find(|(special, _)| special.eq_ignore_ascii_case(name));
    if let Some((_, callee)) = special {
        return Ok(callee.clone());
    }
    let found = spatial(name).map(Function::Spatial);
    let found = found.or_else(|| temporal(name).map(Function::Temporal));
    found.or_else(|| Function::by_name(name)).map(Callee::Plain).ok_or_else(|| unknown(name, at))
}

fn unknown(name: &str, at: usize) -> Fault {
    let shown: String = name.chars().take(60).collect();
    let fault = Fault::new(at, format!("no function is named `{shown}`"));
    if shown.len() < name.len() {
        return fault;
    }
    let spatial = SpatialPredicate::ALL.map(Function::Spatial);
    let spatial = spatial.each_ref().map(Function::name);
    let prefixed = spatial.iter().find(|it| it[2..].eq_ignore_ascii_case(name)).copied();
    let names = Function::PLAIN.iter().map(Function::name).filter(|it| is_identifier(it));
    let names = names.chain(SPECIAL.iter().map(|(name, _)| *name));
    let names = names.chain(TemporalPredicate::ALL.iter().map(|it| it.name()));
    let mut names = names.chain(spatial);
    match prefixed.or_else(|| tiepoint_core::nearest_name(name, &mut names)) {
        Some(near) => fault.with_hint(format!("did you mean `{near}`?")),
        None => fault,
    }
}

fn spatial(name: &str) -> Option<SpatialPredicate> {
    let named = |it: &SpatialPredicate| Function::Spatial(*it).name().eq_ignore_ascii_case(name);
    SpatialPredicate::ALL.into_iter().find(named)
}

fn temporal(name: &str) -> Option<TemporalPredicate> {
    TemporalPredicate::ALL.iter().copied().find(|it| it.name().eq_ignore_ascii_case(name))
}

/// How many arguments operators take, the functions of the standard, and ours with parameters.
#[expect(clippy::match_same_arms, reason = "one arm for each sort of function")]
pub(super) fn arity(function: &Function) -> Option<usize> {
    use Function as F;
    Some(match function {
        F::Not | F::Negate | F::IsNull => 1,
        F::Casei | F::Accenti | F::Transform(_) | F::Cast(_) => 1,
        F::Eq | F::Ne | F::Lt | F::Le | F::Gt | F::Ge | F::Like => 2,
        F::Add | F::Sub | F::Mul | F::Div | F::IntDiv | F::Mod | F::Power => 2,
        F::Spatial(_) | F::Temporal(_) | F::Relate(_) | F::Interval => 2,
        F::ArrayEquals | F::ArrayContains | F::ArrayContainedBy | F::ArrayOverlaps => 2,
        F::Between | F::WithinDistance(_) => 3,
        _ => return None,
    })
}

/// Whether a single thing in parentheses among its arguments is an array of one.
pub(super) fn takes_arrays(function: &Function) -> bool {
    use Function as F;
    matches!(function, F::ArrayEquals | F::ArrayContains | F::ArrayContainedBy | F::ArrayOverlaps)
}

/// The kinds that values can be cast to.
pub(super) const CASTS: [(&str, ExprType); 10] = [
    ("integer", ExprType::Int),
    ("real", ExprType::Real),
    ("decimal", ExprType::Decimal),
    ("text", ExprType::Text),
    ("date", ExprType::Date),
    ("time", ExprType::Time),
    ("timestamp", ExprType::DateTime),
    ("boolean", ExprType::Bool),
    ("uuid", ExprType::Uuid),
    ("json", ExprType::Json),
];

/// Words that mean something by themselves, so that a property of such a name needs quotes.
const RESERVED: [&str; 11] =
    ["and", "or", "not", "like", "between", "in", "is", "null", "true", "false", "div"];

pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|it| it.eq_ignore_ascii_case(word))
}

/// The kind of geometry whose literals start with the word: `POLYGON`, `pointzm`.
pub(super) fn geometry_kind(word: &str) -> Option<GeometryKind> {
    let is = |keyword: &str| {
        let (head, tag) = word.split_at_checked(keyword.len()).unwrap_or((word, ""));
        let tags = ["", "z", "m", "zm"];
        head.eq_ignore_ascii_case(keyword) && tags.iter().any(|it| it.eq_ignore_ascii_case(tag))
    };
    GeometryKind::ALL.into_iter().find(|kind| is(kind.keyword()))
}

/// Whether it is a name of which nobody needs quotes to see where it ends.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(starts_identifier) && chars.all(continues_identifier)
}

/// Whether a property's name is written without quotes: letters, digits and a few signs, so that
/// readers with a narrower notion of names than the standard's know it too.
pub(super) fn is_plain(name: &str) -> bool {
    let is_usual = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.');
    is_identifier(name)
        && name.starts_with(char::is_alphabetic)
        && name.chars().all(is_usual)
        && !is_reserved(name)
        && geometry_kind(name).is_none()
}

/// `identifierStart` of the standard's grammar, white space not included.
pub(super) fn starts_identifier(c: char) -> bool {
    let in_range = matches!(
        c,
        ':' | '_'
            | 'A'..='Z'
            | 'a'..='z'
            | '\u{C0}'..='\u{D6}'
            | '\u{D8}'..='\u{F6}'
            | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}'
            | '\u{37F}'..='\u{1FFE}'
            | '\u{200C}'..='\u{200D}'
            | '\u{2070}'..='\u{218F}'
            | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}'
            | '\u{F900}'..='\u{FDCF}'
            | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}'
    );
    in_range && !is_space(c)
}

/// `identifierPart` of the standard's grammar.
pub(super) fn continues_identifier(c: char) -> bool {
    starts_identifier(c)
        || matches!(c, '.' | '0'..='9' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// `whitespace` of the standard's grammar.
pub(super) fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r'
            | ' '
            | '\u{85}'
            | '\u{A0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200A}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202F}'
            | '\u{205F}'
            | '\u{3000}'
    )
}
