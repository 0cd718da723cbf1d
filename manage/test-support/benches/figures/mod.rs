//! Minimum, median, ninth decile and maximum.

pub(crate) struct Figures(Vec<f64>);

impl FromIterator<f64> for Figures {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }
}

pub(crate) fn heading() -> String {
    format!("{:24} {:>9} {:>9} {:>9} {:>9}", "", "min", "median", "90 %", "max")
}

impl Figures {
    pub(crate) fn line(&self, name: &str) -> String {
        let at = |part: f64| {
            let last = self.0.len().saturating_sub(1);
            self.0.get((last as f64 * part).round() as usize).copied().unwrap_or(f64::NAN)
        };
        format!("{name:24} {:9.1} {:9.1} {:9.1} {:9.1}", at(0.0), at(0.5), at(0.9), at(1.0))
    }
}
