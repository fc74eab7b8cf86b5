//! What the cells of one column say about its type, and all columns about the decimal mark.
use crate::infer::{Class, Classes, DecimalMark, classify, may_be_grouped, trimmed};
use tiepoint_core::FieldType;

/// What the cells of one column have shown so far, under either decimal mark.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// The mark, where it needs no evidence.
    mark: Option<DecimalMark>,
    point: Reading,
    comma: Reading,
    /// A cell that is text, and the line it is on.
    text_cell: Option<(String, u64)>,
    cells: u64,
}

/// What the cells are under one decimal mark.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    classes: Classes,
    /// Whether a cell has the mark where no thousands could be separated.
    has_mark: bool,
}

/// A column of text is looked at so long for something else among it, worth a note.
const CELLS_BEFORE_TEXT_IS_TEXT: u64 = 1_000;

impl Evidence {
    pub(super) fn new(mark: Option<DecimalMark>) -> Self {
        Self { mark, ..Self::default() }
    }

    /// Whether every cell so far was empty.
    pub(super) fn is_empty(&self) -> bool {
        self.cells == 0
    }

    /// Takes note of one more cell, on line `line`.
    pub(super) fn observe(&mut self, cell: &str, line: u64) {
        if cell.is_empty() || self.is_settled() {
            return;
        }
        self.cells += 1;
        let (point, comma) = match self.mark {
            Some(mark) => (classify(cell, mark), Class::Blank),
            None if memchr::memchr2(b'.', b',', cell.as_bytes()).is_none() => {
                let class = classify(cell, DecimalMark::Point);
                (class, class)
            }
            None => (classify(cell, DecimalMark::Point), classify(cell, DecimalMark::Comma)),
        };
        self.point.add(point, cell, DecimalMark::Point);
        if self.mark.is_none() {
            self.comma.add(comma, cell, DecimalMark::Comma);
        }
        let is_text = point == Class::Text && matches!(comma, Class::Text | Class::Blank);
        if is_text && self.text_cell.is_none() {
            self.text_cell = Some((shown(cell), line));
        }
    }

    /// Whether more cells can tell nothing new.
    pub(super) fn is_settled(&self) -> bool {
        let is_text = |reading: &Reading| {
            reading.classes.has(Class::Text)
                && (reading.classes.has_typed() || self.cells >= CELLS_BEFORE_TEXT_IS_TEXT)
        };
        is_text(&self.point) && (self.mark.is_some() || is_text(&self.comma))
    }

    /// A comma where columns are numbers with it and not without, and none is the other way round.
    pub(super) fn decimal_mark(columns: &[Self]) -> DecimalMark {
        let speaks_for = |this: &Reading, other: &Reading| {
            this.has_mark && this.classes.are_numbers() && !other.classes.are_numbers()
        };
        let for_comma = columns.iter().any(|column| speaks_for(&column.comma, &column.point));
        let for_point = columns.iter().any(|column| speaks_for(&column.point, &column.comma));
        if for_comma && !for_point { DecimalMark::Comma } else { DecimalMark::Point }
    }

    /// The narrowest type for all cells, under that mark.
    pub(super) fn field_type(&self, mark: DecimalMark) -> FieldType {
        self.classes(mark).field_type()
    }

    /// Why the column is text although some values could be something else: `because …`.
    pub(super) fn why_text(&self, mark: DecimalMark) -> Option<String> {
        let classes = self.classes(mark);
        if !classes.has_typed() || !matches!(self.field_type(mark), FieldType::Text { .. }) {
            return None;
        }
        Some(match &self.text_cell {
            Some((cell, line)) if classes.has(Class::Text) => {
                format!("because of `{cell}` on line {line}")
            }
            _ => "because its values are of several types".to_owned(),
        })
    }

    fn classes(&self, mark: DecimalMark) -> Classes {
        match (self.mark, mark) {
            (None, DecimalMark::Comma) => self.comma.classes,
            _ => self.point.classes,
        }
    }
}

/// A cell as messages show it.
pub(super) fn shown(cell: &str) -> String {
    const SHOWN_CHARACTERS: usize = 40;
    match cell.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &cell[..end]),
        None => cell.to_owned(),
    }
}

impl Reading {
    fn add(&mut self, class: Class, cell: &str, mark: DecimalMark) {
        self.classes.add(class);
        if !self.has_mark && matches!(class, Class::Real | Class::Decimal) {
            self.has_mark =
                trimmed(cell).as_bytes().contains(&mark.byte()) && !may_be_grouped(cell, mark);
        }
    }
}
