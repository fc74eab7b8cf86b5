//! What a number looks like, and whether a double keeps it.
use super::{Class, DecimalMark, real};
use tiepoint_core::Decimal;

/// A number cut into its parts.
struct Number<'a> {
    negative: bool,
    whole: &'a str,
    fraction: Option<&'a str>,
    has_exponent: bool,
}

/// Which kind of number a text is, if it is one.
pub(super) fn number_class(text: &str, mark: DecimalMark) -> Option<Class> {
    const LONGEST: usize = 2 * Decimal::MAX_DIGITS + "-.e-9999".len();
    let number = cut_number(text, mark).filter(|_| text.len() <= LONGEST)?;
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
