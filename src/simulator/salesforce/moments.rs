//! Times as Salesforce writes and reads them. Takes every time as Unix milliseconds; reads no clock.

const DAY_MS: i64 = 86_400_000;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// Stamps have a resolution of one second.
pub(crate) fn whole_second(at: i64) -> i64 {
    at.div_euclid(1000) * 1000
}

/// `2026-01-05T10:11:12.000+0000`: the offset has no colon.
pub(crate) fn wire(at: i64) -> String {
    let (year, month, day) = civil(at.div_euclid(DAY_MS));
    let ms = at.rem_euclid(DAY_MS);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}+0000",
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1000 % 60,
        ms % 1000
    )
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, as headers want it.
pub(crate) fn http(at: i64) -> String {
    let days = at.div_euclid(DAY_MS);
    let (year, month, day) = civil(days);
    let ms = at.rem_euclid(DAY_MS);
    let weekday = WEEKDAYS[usize::try_from(days.rem_euclid(7)).unwrap_or_default()];
    let month = MONTHS[usize::try_from(month - 1).unwrap_or_default()];
    format!(
        "{weekday}, {day:02} {month} {year:04} {:02}:{:02}:{:02} GMT",
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1000 % 60
    )
}

/// Reads what [`http`] writes; the day may have one digit.
pub(crate) fn parse_http(text: &str) -> Option<i64> {
    let mut parts = text.split_once(", ")?.1.split(' ');
    let day: i64 = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let month = i64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()? + 1;
    let year: i64 = parts.next()?.parse().ok()?;
    let time = clock_time(parts.next()?)?;
    Some(days(year, month, day)? * DAY_MS + time)
}

/// `yyyy-MM-dd`, a day that exists.
pub(crate) fn is_day(text: &str) -> bool {
    parse_day(text).is_some()
}

/// `yyyy-MM-ddTHH:mm:ss[.SSS]` followed by `Z`, `±HH:mm` or `±HHmm`.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (day, rest) = text.split_once('T')?;
    let split = rest.find(['Z', '+', '-'])?;
    let (time, offset) = rest.split_at(split);
    Some(parse_day(day)? * DAY_MS + clock_time(time)? - parse_offset(offset)?)
}

fn parse_day(text: &str) -> Option<i64> {
    let well_formed = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !well_formed {
        return None;
    }
    days(
        text[..4].parse().ok()?,
        text[5..7].parse().ok()?,
        text[8..].parse().ok()?,
    )
}

fn clock_time(text: &str) -> Option<i64> {
    let (time, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = time.split(':').map(|part| {
        (part.len() == 2)
            .then(|| part.parse::<u8>().ok().map(i64::from))
            .flatten()
    });
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    (hour < 24 && minute < 60 && second < 60 && parts.next().is_none())
        .then_some(((hour * 60 + minute) * 60 + second) * 1000 + millis)
}

fn parse_offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let digits = text.get(1..)?.replace(':', "");
    let sign = if text.starts_with('-') { -1 } else { 1 };
    if digits.len() != 4 {
        return None;
    }
    let (hour, minute): (i64, i64) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    Some(sign * (hour * 60 + minute) * 60_000)
}

/// Days since 1970 of a day of the Gregorian calendar, counted in eras of 400 years from a March.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || day < 1 {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let total = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    (civil(total) == (year, month, day)).then_some(total)
}

fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let part = (5 * of_year + 2) / 153;
    let month = (part + 2) % 12 + 1;
    let day = of_year - (153 * part + 2) / 5 + 1;
    (year + era * 400 + i64::from(month <= 2), month, day)
}
