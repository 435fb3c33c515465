//! Decimal numbers as texts, exact at any size.
//!
//! Knows digits only: neither sides nor fields. Floating point would turn 10.005 into something
//! else on the way, and a two-way rule would carry that back.

use std::fmt;

/// Largest power of ten that is written out; what is beyond is refused as a number.
const EXPONENT_MAX: i64 = 400;

/// Most digits a number has when it is written out.
const DIGITS_MAX: usize = 900;

/// Longest text that is read as a number: one written out by us is always read again.
const TEXT_MAX: usize = 1000;

/// A decimal number without leading zeros before, or trailing zeros after the point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Decimal {
    /// Reads `-12.50`, `+3`, `.5` and `1.2E7`, blanks around it ignored. Grouping marks, currency
    /// signs, `NaN` and infinities are no numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > TEXT_MAX {
            return None;
        }
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_empty() || !only_digits || exponent.abs() > EXPONENT_MAX {
            return None;
        }
        let number = Self::place(negative, &digits, whole.len(), exponent);
        Some(number).filter(|number| number.whole.len() + number.fraction.len() <= DIGITS_MAX)
    }

    /// `digits` with the point after `whole` of them, moved right by `exponent`.
    fn place(negative: bool, digits: &str, whole: usize, exponent: i64) -> Self {
        let shift = usize::try_from(exponent.unsigned_abs()).unwrap_or(0);
        let zeros = "0".repeat(shift);
        let (digits, point) = if exponent < 0 {
            (format!("{zeros}{digits}"), whole)
        } else {
            (format!("{digits}{zeros}"), whole + shift)
        };
        let (whole, fraction) = digits.split_at(point);
        Self {
            negative,
            whole: whole.to_owned(),
            fraction: fraction.to_owned(),
        }
        .tidy()
    }

    fn tidy(self) -> Self {
        let whole = self.whole.trim_start_matches('0').to_owned();
        let fraction = self.fraction.trim_end_matches('0').to_owned();
        // There is one zero, and it has no sign.
        let negative = self.negative && !(whole.is_empty() && fraction.is_empty());
        Self {
            negative,
            whole,
            fraction,
        }
    }

    /// The number at `scale` digits after the point, halves away from zero.
    #[must_use]
    pub fn round(self, scale: usize) -> Self {
        if self.fraction.len() <= scale {
            return self;
        }
        let up = self.fraction.as_bytes()[scale] >= b'5';
        let mut digits = format!("0{}{}", self.whole, &self.fraction[..scale]).into_bytes();
        if up {
            for digit in digits.iter_mut().rev() {
                if *digit < b'9' {
                    *digit += 1;
                    break;
                }
                *digit = b'0';
            }
        }
        let digits: String = digits.into_iter().map(char::from).collect();
        Self::place(self.negative, &digits, digits.len() - scale, 0)
    }

    /// Digits before the point, none for numbers below one.
    pub fn whole_digits(&self) -> usize {
        self.whole.len()
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let whole = if self.whole.is_empty() {
            "0"
        } else {
            &self.whole
        };
        if self.fraction.is_empty() {
            write!(out, "{sign}{whole}")
        } else {
            write!(out, "{sign}{whole}.{}", self.fraction)
        }
    }
}
