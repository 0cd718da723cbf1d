use std::io::Write;

use manage::prelude::*;

/// Who writes to the stream.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Writer {
    Csv,
    Json,
    Macro,
}

/// Write to stdout by libraries that take a writer
#[command(hidden, requires_checks = "none")]
pub(crate) fn writes(cx: &mut Context, writer: Writer, lines: u32) -> Result<()> {
    match writer {
        Writer::Csv => {
            let mut rows = csv::Writer::from_writer(cx.out());
            for line in 0..lines {
                rows.serialize(("line", line))?;
            }
            rows.flush()?;
        }
        Writer::Json => {
            for line in 0..lines {
                serde_json::to_writer(cx.out(), &("line", line))?;
                writeln!(cx.out())?;
            }
        }
        Writer::Macro => {
            let mut out = cx.out().clone();
            (0..lines).try_for_each(|line| writeln!(out, "line {line}"))?;
        }
    }
    Ok(())
}
