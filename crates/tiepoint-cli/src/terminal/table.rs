//! Columns on a terminal: aligned by display width, cut to what fits.
use std::io::{self, BufWriter, IsTerminal as _, Write};
use tiepoint::{Error, Result};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many rows are looked at to find how wide columns must be.
const MEASURED_ROWS: usize = 200;
/// How wide a column may be on a terminal.
const WIDEST: usize = 44;
/// What stands between two columns.
const GAP: &str = "  ";

/// A table being printed to the standard output.
///
/// Widths follow from the first rows, so that a million rows need not be held. Elsewhere than on a
/// terminal nothing is cut.
pub(crate) struct Table {
    out: BufWriter<io::Stdout>,
    /// How wide the whole may be; `None` is without limit.
    width: Option<usize>,
    held: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
}

impl Table {
    /// A table with these column heads.
    pub(crate) fn new<S: Into<String>>(heads: impl IntoIterator<Item = S>) -> Self {
        let width = io::stdout().is_terminal().then(terminal_width);
        let heads = heads.into_iter().map(Into::into).collect();
        Self { out: BufWriter::new(io::stdout()), width, held: vec![heads], widths: None }
    }

    /// Adds a row of as many cells as there are heads.
    pub(crate) fn row(&mut self, cells: Vec<String>) -> Result<()> {
        if let Some(widths) = &self.widths {
            return write_row(&mut self.out, widths, self.width, &cells).map_err(Error::on_stdout);
        }
        self.held.push(cells);
        if self.held.len() > MEASURED_ROWS { self.release() } else { Ok(()) }
    }

    /// Prints what has not been printed.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.release()?;
        self.out.flush().map_err(Error::on_stdout)
    }

    fn release(&mut self) -> Result<()> {
        let widths = widths(&self.held, self.width);
        for row in std::mem::take(&mut self.held) {
            write_row(&mut self.out, &widths, self.width, &row).map_err(Error::on_stdout)?;
        }
        self.widths = Some(widths);
        Ok(())
    }
}

/// Names and what belongs to them, a line each, the second column aligned.
pub(crate) fn aligned<S: AsRef<str>>(rows: &[(S, String)]) -> String {
    let widest = rows.iter().map(|(name, _)| name.as_ref().width()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, value) in rows {
        let padding = " ".repeat(widest - name.as_ref().width());
        let line = [name.as_ref(), &padding, GAP, value].concat();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0))
}

fn widths(rows: &[Vec<String>], limit: Option<usize>) -> Vec<usize> {
    let columns = rows.first().map_or(0, Vec::len);
    let widest = limit.map_or(usize::MAX, |limit| limit.min(WIDEST));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or(0).min(widest)
    };
    (0..columns).map(width).collect()
}

/// Writes the cells that fit; a row that goes on beyond the edge ends in an ellipsis.
fn write_row(
    out: &mut impl Write,
    widths: &[usize],
    limit: Option<usize>,
    cells: &[String],
) -> io::Result<()> {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        if !line.is_empty() {
            line.push_str(GAP);
        }
        let cell = if limit.is_some() { cut(cell, *width) } else { cell.clone() };
        let padding = width.saturating_sub(cell.width());
        line.push_str(&cell);
        line.extend(std::iter::repeat_n(' ', padding));
    }
    let line = limit.map_or_else(|| line.clone(), |limit| cut(line.trim_end(), limit));
    writeln!(out, "{}", line.trim_end())
}

/// The text, or as much of it as fits with an ellipsis.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        shown.push(c);
    }
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(rows: &[&[&str]], limit: Option<usize>) -> String {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        let widths = widths(&rows, limit);
        let mut out = Vec::new();
        for row in &rows {
            write_row(&mut out, &widths, limit, row).expect("memory takes it");
        }
        String::from_utf8(out).expect("is UTF-8")
    }

    #[test]
    fn columns_align_by_what_is_seen() {
        let table = printed(&[&["name", "n"], &["東京", "1"], &["Oslo", "22"]], None);
        assert_eq!(table, "name  n\n東京  1\nOslo  22\n");
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        let table = printed(&[&["a", "b"], &["long cell", "more"]], Some(9));
        assert!(table.ends_with("long cel…\n"), "{table}");
        assert!(table.lines().all(|line| line.width() <= 9), "{table}");
    }

    #[test]
    fn nothing_is_cut_elsewhere_than_on_a_terminal() {
        let long = "x".repeat(500);
        assert!(printed(&[&["a", "b"], &[&long, "end"]], None).contains(&format!("{long}  end")));
    }
}
