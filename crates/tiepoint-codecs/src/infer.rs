//! What type a column of text cells has: the narrowest that holds every cell and loses nothing.
//!
//! In doubt a cell is text. An identifier such as `00123`, a phone number such as `+49 30 1234`,
//! a ratio such as `12:30`, `yes`, `NaN`, `1,234.5` and every date that is not in ISO 8601 form
//! stay text: turned into a number or a date, they could not be turned back.
mod number;
mod temporal;

use number::number_class;
use temporal::temporal_class;
use tiepoint_core::{Date, DateTime, Decimal, FieldType, Time, Value, ZoneRule};
use uuid::Uuid;

/// What stands between the whole part of a number and its fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecimalMark {
    /// As in `1.5`.
    Point,
    /// As in `1,5`.
    Comma,
}

impl DecimalMark {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Point => b'.',
            Self::Comma => b',',
        }
    }
}

/// What one cell could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing, or spaces: fits every type.
    Blank,
    Bool,
    /// A whole number that a double can hold too.
    Int,
    /// A whole number that an `i64` can hold and a double perhaps not.
    WideInt,
    /// A number that a double prints again.
    Real,
    /// A number with more digits than a double or an `i64` has.
    Decimal,
    Date,
    DateTime,
    ZonedDateTime,
    Time,
    ZonedTime,
    Uuid,
    Text,
}

/// The classes that the cells of a column have had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Classes(u16);

const NUMBERS: Classes = Classes::of(&[Class::Int, Class::WideInt, Class::Real, Class::Decimal]);
const WHOLE: Classes = Classes::of(&[Class::Int, Class::WideInt]);
const DOUBLES: Classes = Classes::of(&[Class::Int, Class::Real]);
const DATE_TIMES: Classes = Classes::of(&[Class::DateTime, Class::ZonedDateTime]);
const TIMES: Classes = Classes::of(&[Class::Time, Class::ZonedTime]);

impl Classes {
    const fn of(classes: &[Class]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < classes.len() {
            bits |= 1 << classes[at] as u16;
            at += 1;
        }
        Self(bits)
    }

    /// Takes note of one more cell.
    pub(crate) fn add(&mut self, class: Class) {
        if class != Class::Blank {
            self.0 |= Self::of(&[class]).0;
        }
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    pub(crate) const fn has(self, class: Class) -> bool {
        self.0 & Self::of(&[class]).0 != 0
    }

    /// Whether there were cells, and all were numbers.
    pub(crate) const fn are_numbers(self) -> bool {
        !self.is_empty() && self.within(NUMBERS)
    }

    /// Whether any cell was something else than text.
    pub(crate) const fn has_typed(self) -> bool {
        self.0 & !Self::of(&[Class::Text]).0 != 0
    }

    /// The narrowest type for all cells; text for no cell at all.
    pub(crate) fn field_type(self) -> FieldType {
        if self.is_empty() {
            FieldType::TEXT
        } else if self.within(WHOLE) {
            FieldType::INT
        } else if self.within(DOUBLES) {
            FieldType::REAL
        } else if self.within(NUMBERS) {
            FieldType::Decimal { precision: None, scale: None }
        } else if self.within(DATE_TIMES) {
            FieldType::DateTime(self.zone_rule(Class::DateTime, Class::ZonedDateTime))
        } else if self.within(TIMES) {
            FieldType::Time(self.zone_rule(Class::Time, Class::ZonedTime))
        } else {
            self.lone_type().unwrap_or(FieldType::TEXT)
        }
    }

    fn zone_rule(self, without: Class, with: Class) -> ZoneRule {
        match (self.has(without), self.has(with)) {
            (true, true) => ZoneRule::Either,
            (false, true) => ZoneRule::With,
            _ => ZoneRule::Without,
        }
    }

    fn lone_type(self) -> Option<FieldType> {
        [
            (Class::Bool, FieldType::Bool),
            (Class::Date, FieldType::Date),
            (Class::Uuid, FieldType::Uuid),
        ]
        .into_iter()
        .find_map(|(class, ty)| self.within(Self::of(&[class])).then_some(ty))
    }
}

/// What a cell could be. Spaces around it do not count.
pub(crate) fn classify(cell: &str, mark: DecimalMark) -> Class {
    let text = trimmed(cell);
    match text.as_bytes().first() {
        None => Class::Blank,
        Some(b'0'..=b'9' | b'-' | b'.' | b',') => number_class(text, mark)
            .or_else(|| temporal_class(text))
            .or_else(|| uuid_class(text))
            .unwrap_or(Class::Text),
        Some(b't' | b'T') => bool_class(text).unwrap_or(Class::Text),
        Some(b'f' | b'F') => bool_class(text).or_else(|| uuid_class(text)).unwrap_or(Class::Text),
        Some(b'a'..=b'e' | b'A'..=b'E') => uuid_class(text).unwrap_or(Class::Text),
        Some(_) => Class::Text,
    }
}

/// The value of a cell in a column of that type; `None` when the type does not hold it.
pub(crate) fn parse(cell: &str, ty: &FieldType, mark: DecimalMark) -> Option<Value> {
    if let FieldType::Text { .. } = ty {
        return Some(Value::from(cell));
    }
    let text = trimmed(cell);
    if text.is_empty() {
        return Some(Value::Null);
    }
    match ty {
        FieldType::Int(_) => text.parse().ok().map(Value::Int),
        FieldType::Real(_) => real(text, mark).map(Value::Real),
        FieldType::Decimal { .. } => {
            with_point(text, mark).parse::<Decimal>().ok().map(Value::Decimal)
        }
        FieldType::Bool => bool_class(text).map(|_| Value::Bool(text.eq_ignore_ascii_case("true"))),
        FieldType::Date => text.parse::<Date>().ok().map(Value::Date),
        FieldType::DateTime(_) => text.parse::<DateTime>().ok().map(Value::DateTime),
        FieldType::Time(_) => text.parse::<Time>().ok().map(Value::Time),
        FieldType::Uuid => Uuid::try_parse(text).ok().map(Value::Uuid),
        _ => None,
    }
}

/// A finite number, as generously read as coordinates may be: `+1`, `007.5`, `5.`.
pub(crate) fn real(cell: &str, mark: DecimalMark) -> Option<f64> {
    let text = trimmed(cell);
    let starts_like_a_number =
        matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b','));
    if !starts_like_a_number || mark == DecimalMark::Comma && text.contains('.') {
        return None;
    }
    let text = with_point(text, mark);
    fast_float2::parse::<f64, _>(text.as_bytes()).ok().filter(|number| number.is_finite())
}

/// Whether the mark of a number may as well be one between thousands: `1.234`, `-12,345,678`.
pub(crate) fn may_be_grouped(cell: &str, mark: DecimalMark) -> bool {
    let unsigned = trimmed(cell).trim_start_matches('-');
    let mut groups = unsigned.split(char::from(mark.byte()));
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && digits(first))
        && groups.all(|group| group.len() == 3 && digits(group))
}

pub(crate) fn trimmed(cell: &str) -> &str {
    cell.trim_matches([' ', '\t'])
}

fn with_point(text: &str, mark: DecimalMark) -> std::borrow::Cow<'_, str> {
    match mark {
        DecimalMark::Comma if text.contains(',') => text.replacen(',', ".", 1).into(),
        _ => text.into(),
    }
}

fn bool_class(text: &str) -> Option<Class> {
    let is_bool = text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
    is_bool.then_some(Class::Bool)
}

/// With hyphens and without braces; 32 digits in a row are as likely a hash.
fn uuid_class(text: &str) -> Option<Class> {
    const HYPHENATED: usize = 36;
    (text.len() == HYPHENATED && Uuid::try_parse(text).is_ok()).then_some(Class::Uuid)
}
