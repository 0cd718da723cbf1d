//! Checks schedules: those of cron, and those of systemd's timers.

use super::DeployError;

/// A field of a cron schedule: its name, its least and its greatest number, and names for numbers.
type Field = (&'static str, u32, u32, &'static [&'static str]);

const FIELDS: [Field; 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    ("month", 1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    ("day of the week", 0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

const MACROS: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Fails unless it is a schedule that a CronJob of Kubernetes accepts.
pub(super) fn check_cron(schedule: &str) -> Result<(), DeployError> {
    let wrong = |why: String| DeployError::Schedule(schedule.to_owned(), why);
    if MACROS.contains(&schedule) {
        return Ok(());
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(wrong(format!(
            "a CronJob needs five fields, as in \"30 3 * * *\", or one of {}",
            MACROS.join(", ")
        )));
    }
    for (text, field) in fields.into_iter().zip(&FIELDS) {
        if !text.split(',').all(|part| fits(part, field)) {
            return Err(wrong(format!(
                "its {} must be *, or numbers from {} to {}",
                field.0, field.1, field.2
            )));
        }
    }
    Ok(())
}

/// Returns whether it is `*`, `N` or `N-M`, and `/STEP` behind it.
fn fits(part: &str, field: &Field) -> bool {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    let number = |text: &str| plain(text).or_else(|| named(text, field));
    let in_field = |text: &str| number(text).filter(|number| (field.1..=field.2).contains(number));
    let has_step = step.is_none_or(|step| plain(step).is_some_and(|step| step > 0));
    let has_range = match range.split_once('-') {
        _ if range == "*" => true,
        Some((first, last)) => {
            in_field(first).is_some_and(|first| in_field(last).is_some_and(|last| first <= last))
        }
        None => in_field(range).is_some(),
    };
    has_step && has_range
}

fn plain(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn named(text: &str, field: &Field) -> Option<u32> {
    let at = field.3.iter().position(|name| name.eq_ignore_ascii_case(text))?;
    Some(field.1 + u32::try_from(at).ok()?)
}

/// Words that are a whole schedule of systemd's.
const SHORTHANDS: [&str; 9] =
    ["minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "annually", "yearly"];

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Fails if it cannot be a schedule of systemd's: `daily`, `Mon *-*-* 03:30:00 Europe/Berlin`. systemd itself
/// checks the numbers.
pub(super) fn check_calendar(schedule: &str) -> Result<(), DeployError> {
    let wrong = |why: &str| Err(DeployError::Schedule(schedule.to_owned(), why.to_owned()));
    let is_day = |day: &str| {
        let day = day.to_lowercase();
        DAYS.iter().any(|name| day == *name || day == name[..3])
    };
    let is_zone = |word: &str| {
        word == "UTC"
            || (word.contains('/') && word.chars().all(|c| c.is_ascii_alphanumeric() || "/_-+".contains(c)))
    };
    let is_time = |word: &str| {
        word.contains(['-', ':']) && word.chars().all(|c| c.is_ascii_digit() || "*-:,./~".contains(c))
    };
    let words: Vec<&str> = schedule.split(' ').filter(|word| !word.is_empty()).collect();
    let fits = words.iter().enumerate().all(|(at, word)| {
        let is_last = at > 0 && at + 1 == words.len();
        is_time(word)
            || (at == 0 && SHORTHANDS.contains(word))
            || (at == 0 && word.split([',', '.']).all(|day| day.is_empty() || is_day(day)))
            || (is_last && is_zone(word))
    });
    match words.len() {
        0 => wrong("it is empty"),
        5.. => wrong("it is one of cron; systemd's is written as in \"*-*-* 03:30:00\""),
        _ if !fits => wrong("systemd's is written as in \"*-*-* 03:30:00\" or \"daily\""),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cron_job_accepts() {
        for schedule in ["30 3 * * *", "*/5 0-6,12 1 JAN-mar sun", "@daily", "0 0/2 * * 1-5"] {
            check_cron(schedule).expect(schedule);
        }
        for schedule in [
            "",
            "30 3 * *",
            "60 3 * * *",
            "0 24 * * *",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 7",
            "*/0 * * * *",
        ] {
            check_cron(schedule).expect_err(schedule);
        }
        for schedule in ["5-1 * * * *", "daily", "@every 5m", "1- * * * *", "+1 * * * *", "0 3 * * *\n0"] {
            check_cron(schedule).expect_err(schedule);
        }
    }

    #[test]
    fn what_a_timer_accepts() {
        for schedule in
            ["daily", "Mon..Fri *-*-* 10:00:00 Europe/Berlin", "*:0/15", "Sat,Sunday 03:30", "weekly UTC"]
        {
            check_calendar(schedule).expect(schedule);
        }
        for schedule in
            ["", " ", "30 3 * * *", "daily\nUser=root", "%n", "Bearer hunter2", "daily daily", "*"]
        {
            check_calendar(schedule).expect_err(schedule);
        }
    }
}
