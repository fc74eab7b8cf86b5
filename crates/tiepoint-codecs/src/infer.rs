//! What type a column of text cells has: the narrowest that holds every cell and loses nothing.
//!
//! In doubt a cell is text. An identifier such as `00123`, a phone number such as `+49 30 1234`,
//! a ratio such as `12:30`, `yes`, `NaN`, `1,234.5` and every date that is not in ISO 8601 form
//! stay text: turned into a number or a date, they could not be turned back.
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

/// A number cut into its parts.
struct Number<'a> {
    negative: bool,
    whole: &'a str,
    fraction: Option<&'a str>,
    has_exponent: bool,
}

fn number_class(text: &str, mark: DecimalMark) -> Option<Class> {
    let number = cut_number(text, mark)?;
    match number {
        Number { fraction: None, has_exponent: false, .. } => integer_class(&number, text),
        _ => real_class(&number, text, mark),
    }
}

/// `-12.5e-7`; no plus sign in front, no needless zero, and digits on either side of an `e`.
fn cut_number(text: &str, mark: DecimalMark) -> Option<Number<'_>> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text),
    };
    let (whole, rest) = unsigned.split_at(leading_digits(unsigned));
    let (fraction, rest) = if rest.as_bytes().first() == Some(&mark.byte()) {
        let (fraction, rest) = rest[1..].split_at(leading_digits(&rest[1..]));
        (Some(fraction), rest)
    } else {
        (None, rest)
    };
    let has_needless_zero = whole.len() > 1 && whole.starts_with('0');
    let lacks_digits = fraction.map_or(whole.is_empty(), str::is_empty);
    if has_needless_zero || lacks_digits || !(rest.is_empty() || is_exponent(rest)) {
        return None;
    }
    Some(Number { negative, whole, fraction, has_exponent: !rest.is_empty() })
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn is_exponent(text: &str) -> bool {
    let Some(digits) = text.strip_prefix(['e', 'E']) else { return false };
    let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    (1..=4).contains(&digits.len()) && leading_digits(digits) == digits.len()
}

fn integer_class(number: &Number<'_>, text: &str) -> Option<Class> {
    const SAFE_DIGITS: usize = 15;
    const LARGEST_EXACT: u64 = 1 << 53;
    if number.negative && number.whole == "0" {
        return Some(Class::Real);
    }
    if number.whole.len() <= SAFE_DIGITS {
        return Some(Class::Int);
    }
    match text.parse::<i64>() {
        Ok(whole) if whole.unsigned_abs() <= LARGEST_EXACT => Some(Class::Int),
        Ok(_) => Some(Class::WideInt),
        Err(_) => (number.whole.len() <= Decimal::MAX_DIGITS).then_some(Class::Decimal),
    }
}

fn real_class(number: &Number<'_>, text: &str, mark: DecimalMark) -> Option<Class> {
    const SAFE_DIGITS: usize = 15;
    let fraction = number.fraction.unwrap_or("");
    let digits = number.whole.len() + fraction.len();
    if digits <= SAFE_DIGITS && !number.has_exponent {
        return Some(Class::Real);
    }
    if prints_again(number, text, mark) {
        return Some(Class::Real);
    }
    let fits = number.whole.len().max(fraction.len()) <= Decimal::MAX_DIGITS;
    (fits && !number.has_exponent).then_some(Class::Decimal)
}

/// Whether the double, printed with as many digits as were written, shows the digits written.
fn prints_again(number: &Number<'_>, text: &str, mark: DecimalMark) -> bool {
    const MOST_DIGITS: usize = 60;
    let written = format!("{}{}", number.whole, number.fraction.unwrap_or(""));
    let significant = written.trim_start_matches('0');
    let Some(double) = real(text, mark) else { return false };
    if significant.is_empty() || double == 0.0 {
        return significant.is_empty();
    }
    let decimals = significant.len() - 1;
    if decimals >= MOST_DIGITS {
        return false;
    }
    let printed = format!("{:.decimals$e}", double.abs());
    let mantissa = printed.split('e').next().unwrap_or("");
    mantissa.bytes().filter(u8::is_ascii_digit).eq(significant.bytes())
}

/// ISO 8601 in its extended form: `2024-02-29`, `2024-02-29T12:30:00.25+01:00`, `12:30:00`.
fn temporal_class(text: &str) -> Option<Class> {
    const DATE_BYTES: usize = "2024-02-29".len();
    if let Some(zone) = clock_zone(text.as_bytes(), Seconds::Required) {
        text.parse::<Time>().ok()?;
        return Some(if zone { Class::ZonedTime } else { Class::Time });
    }
    if !is_shaped(text.as_bytes().get(..DATE_BYTES)?, b"dddd-dd-dd") {
        return None;
    }
    match text.as_bytes()[DATE_BYTES..].split_first() {
        None => text.parse::<Date>().ok().map(|_| Class::Date),
        Some((b'T' | b't' | b' ', clock)) => {
            let zone = clock_zone(clock, Seconds::Optional)?;
            text.parse::<DateTime>().ok()?;
            Some(if zone { Class::ZonedDateTime } else { Class::DateTime })
        }
        Some(_) => None,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Seconds {
    Required,
    Optional,
}

/// Whether a clock names its zone; `None` when it is no clock. Leap seconds are none either: we
/// could not print them again.
fn clock_zone(text: &[u8], seconds: Seconds) -> Option<bool> {
    let rest = text.get(5..).filter(|_| is_shaped(&text[..5], b"dd:dd"))?;
    let zone = match rest {
        [b':', b'0'..=b'5', b'0'..=b'9', rest @ ..] => after_fraction(rest)?,
        _ if seconds == Seconds::Optional => rest,
        _ => return None,
    };
    match zone {
        [] => Some(false),
        [b'Z' | b'z'] => Some(true),
        [b'+' | b'-', offset @ ..] => {
            let shapes: [&[u8]; 3] = [b"dd", b"dddd", b"dd:dd"];
            shapes.iter().any(|shape| is_shaped(offset, shape)).then_some(true)
        }
        _ => None,
    }
}

fn after_fraction(text: &[u8]) -> Option<&[u8]> {
    let Some(digits) = text.strip_prefix(b".") else { return Some(text) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=9).contains(&count).then(|| &digits[count..])
}

/// Whether a text has the shape, in which `d` stands for a digit.
fn is_shaped(text: &[u8], shape: &[u8]) -> bool {
    text.len() == shape.len()
        && text.iter().zip(shape).all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            sign => byte == sign,
        })
}

/// With hyphens and without braces; 32 digits in a row are as likely a hash.
fn uuid_class(text: &str) -> Option<Class> {
    const HYPHENATED: usize = 36;
    (text.len() == HYPHENATED && Uuid::try_parse(text).is_ok()).then_some(Class::Uuid)
}
