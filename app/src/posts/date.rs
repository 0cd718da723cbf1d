//! The dates of posts, in the forms that Jekyll takes. Where no zone is named it is UTC.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

/// Reads `2020-04-11`, `2020-04-11 10:24`, `2020-04-11 10:24:21` and these with `+0900`, `+09:00`, `Z` or
/// `UTC`, as UTC.
pub(super) fn parse(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    let (date, rest) = match text.find(['T', 't', ' ']) {
        Some(end) => (&text[..end], text[end + 1..].trim_start()),
        None => (text, ""),
    };
    let date = self::date(date)?;
    if rest.is_empty() {
        return stored(date.and_time(NaiveTime::MIN));
    }
    let zone_start = rest.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(rest.len());
    let (time, zone) = rest.split_at(zone_start);
    let time = ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(time, form).ok())?;
    stored(date.and_time(time).checked_sub_signed(self::zone(zone.trim())?)?)
}

/// Reads `2020-04-11`, also without the zeros.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let mut number = |lengths: std::ops::RangeInclusive<usize>| -> Option<u32> {
        let digits = parts.next()?;
        let right = lengths.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        right.then(|| digits.parse().ok())?
    };
    let (year, month, day) = (number(4..=4)?, number(1..=2)?, number(1..=2)?);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    parts.next().is_none().then_some(date)
}

fn zone(text: &str) -> Option<TimeDelta> {
    if matches!(text, "" | "Z" | "z" | "UTC" | "GMT") {
        return Some(TimeDelta::zero());
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text[1..].replace(':', "");
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i64 = digits[..2].parse().ok()?;
    let minutes: i64 = if digits.len() == 4 { digits[2..].parse().ok()? } else { 0 };
    (hours < 24 && minutes < 60).then(|| TimeDelta::minutes(sign * (hours * 60 + minutes)))
}

/// Returns what every database keeps: whole seconds of the years that MySQL knows.
fn stored(time: NaiveDateTime) -> Option<NaiveDateTime> {
    (1000..=9999).contains(&time.year()).then(|| time.with_nanosecond(0))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        parse(text).map(|time| time.to_string())
    }

    #[test]
    fn every_form_is_read_as_utc() {
        for (text, time) in [
            ("2020-04-11", "2020-04-11 00:00:00"),
            ("2020-4-1", "2020-04-01 00:00:00"),
            ("2020-04-11 10:24", "2020-04-11 10:24:00"),
            ("2020-04-11 10:24:21", "2020-04-11 10:24:21"),
            ("  2020-04-11   10:24:21  ", "2020-04-11 10:24:21"),
            ("2020-04-11 10:24:21 +0900", "2020-04-11 01:24:21"),
            ("2020-04-11 10:24:21+09:00", "2020-04-11 01:24:21"),
            ("2020-04-11 20:24:21 -0530", "2020-04-12 01:54:21"),
            ("2020-04-11 10:24:21 +09", "2020-04-11 01:24:21"),
            ("2020-04-11T10:24:21Z", "2020-04-11 10:24:21"),
            ("2020-04-11T10:24:21.999Z", "2020-04-11 10:24:21"),
            ("2020-04-11 10:24:21 UTC", "2020-04-11 10:24:21"),
            ("2020-02-29", "2020-02-29 00:00:00"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(time), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_date() {
        for text in [
            "",
            "soon",
            "2020",
            "2020-04",
            "2020-13-01",
            "2021-02-29",
            "20-04-11",
            "02020-04-11",
            "0000-01-01",
            "2020-04-11 25:00",
            "2020-04-11 10",
            "2020-04-11 10:24:21 +9",
            "2020-04-11 10:24:21 +2500",
            "2020-04-11 10:24:21 Asia/Seoul",
            "2020-04-11 10:24:21 é",
            "2020-04-11-10",
            "11.04.2020",
            "9999-12-31 23:00:00 -0200",
            "2020-+4-11",
            "2020-04-11 ::",
            "안녕",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
