//! The HTTP statuses that count as ready.

use std::str::FromStr;

/// Ranges of HTTP statuses: `200-299`, `200,204`, `200-299,401`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected(Vec<(u16, u16)>);

impl Expected {
    /// Returns whether a status is one of them.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&status))
    }
}

impl Default for Expected {
    fn default() -> Self {
        Self(vec![(200, 299)])
    }
}

impl FromStr for Expected {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let status = |text: &str| {
            let text = Some(text.trim()).filter(|text| digits(text))?;
            text.parse().ok().filter(|status| (100..600).contains(status))
        };
        let ranges = text.split(',').map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            status(first).zip(status(last)).filter(|(first, last)| first <= last)
        });
        let ranges: Option<Vec<_>> = ranges.collect();
        ranges.map(Self).ok_or_else(|| "expected statuses from 100 to 599, as in 200-299,401".to_owned())
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (first, last)) in self.0.iter().enumerate() {
            f.write_str(if i > 0 { "," } else { "" })?;
            if first == last { write!(f, "{first}")? } else { write!(f, "{first}-{last}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_ranges() {
        let expected: Expected = "200-204,301".parse().unwrap();
        assert!(expected.contains(200) && expected.contains(204) && expected.contains(301));
        assert!(!expected.contains(205) && !expected.contains(300));
        assert_eq!(expected.to_string(), "200-204,301");
        for wrong in ["", "20", "204-200", "200,", "2xx", "200-", "-200", "+200", "0200"] {
            assert!(wrong.parse::<Expected>().is_err(), "{wrong}");
        }
    }
}
