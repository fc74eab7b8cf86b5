//! How two geometries may lie to one another: the nine intersections, patterns over them, and the
//! named predicates (DE-9IM; OGC 06-103r4, section 6.1.15).
//!
//! Words only: `tiepoint-spatial` computes them.
use std::fmt;
use std::str::FromStr;

/// The three parts that a geometry divides the plane into.
///
/// The boundary of a surface is its rings; of curves, the ends that an odd number of them share
/// (the *mod-2 rule*); of points, nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// What it is without its boundary.
    Interior,
    /// Where it ends.
    Boundary,
    /// All the rest of the plane.
    Exterior,
}

impl Part {
    /// All three, in the order of a matrix.
    pub const ALL: [Self; 3] = [Self::Interior, Self::Boundary, Self::Exterior];
}

/// The dimension of a set of positions, which has none when there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// No position: `F`.
    Empty,
    /// Points: `0`.
    Point,
    /// Curves: `1`.
    Curve,
    /// Surfaces: `2`.
    Surface,
}

impl Dimension {
    const fn letter(self) -> char {
        match self {
            Self::Empty => 'F',
            Self::Point => '0',
            Self::Curve => '1',
            Self::Surface => '2',
        }
    }
}

/// The dimensions of the nine intersections of the parts of one geometry with those of another.
///
/// Written as nine characters, row by row: the interior of the first with interior, boundary and
/// exterior of the second, then its boundary, then its exterior.
///
/// # Examples
///
/// ```
/// use tiepoint_core::{Dimension, IntersectionMatrix, Part, SpatialPredicate};
///
/// // two squares that share an edge
/// let matrix: IntersectionMatrix = "FF2F11212".parse()?;
/// assert_eq!(matrix.get(Part::Boundary, Part::Boundary), Dimension::Curve);
/// assert!(matrix.matches(&"F***T****".parse()?));
/// assert!(SpatialPredicate::Touches.holds(&matrix));
/// # Ok::<(), tiepoint_core::MatrixError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IntersectionMatrix([[Dimension; 3]; 3]);

impl IntersectionMatrix {
    /// No part of one meets any part of the other: where a computation starts.
    pub const NOTHING: Self = Self([[Dimension::Empty; 3]; 3]);

    /// The dimension of the intersection of a part of the first with a part of the second.
    #[must_use]
    pub fn get(&self, first: Part, second: Part) -> Dimension {
        self.0[first as usize][second as usize]
    }

    /// Notes that the two parts meet in at least this dimension.
    pub fn raise(&mut self, first: Part, second: Part, to: Dimension) {
        let cell = &mut self.0[first as usize][second as usize];
        *cell = to.max(*cell);
    }

    /// The matrix of the second to the first.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let at = |row: usize, column: usize| self.0[column][row];
        Self(std::array::from_fn(|row| std::array::from_fn(|column| at(row, column))))
    }

    /// Whether every intersection is as the pattern asks.
    #[must_use]
    pub fn matches(&self, pattern: &MatrixPattern) -> bool {
        self.0.as_flattened().iter().zip(pattern.0).all(|(found, asked)| asked.allows(*found))
    }

    /// The dimensions of the first and the second geometry; [`Dimension::Empty`] when empty.
    ///
    /// A geometry is its interior and what bounds that, and its interior lies somewhere in the
    /// other's three parts.
    #[must_use]
    pub fn dimensions(&self) -> (Dimension, Dimension) {
        let of_first = |matrix: &Self| matrix.0[0].into_iter().max().unwrap_or(Dimension::Empty);
        (of_first(self), of_first(&self.transposed()))
    }
}

impl fmt::Display for IntersectionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.as_flattened().iter().map(|cell| cell.letter()).collect::<String>())
    }
}

impl FromStr for IntersectionMatrix {
    type Err = MatrixError;

    /// Reads nine of `F`, `0`, `1` and `2`.
    fn from_str(text: &str) -> Result<Self, MatrixError> {
        let cells = nine(text, "matrix", |letter| match letter {
            'F' | 'f' => Some(Dimension::Empty),
            '0' => Some(Dimension::Point),
            '1' => Some(Dimension::Curve),
            '2' => Some(Dimension::Surface),
            _ => None,
        })?;
        let row = |row: usize| std::array::from_fn(|column| cells[row * 3 + column]);
        Ok(Self(std::array::from_fn(row)))
    }
}

/// What a mask asks of one of the nine intersections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Cell {
    Anything,
    Something,
    Exactly(Dimension),
}

impl Cell {
    fn allows(self, found: Dimension) -> bool {
        match self {
            Self::Anything => true,
            Self::Something => found > Dimension::Empty,
            Self::Exactly(asked) => found == asked,
        }
    }
}

/// A mask over an [`IntersectionMatrix`]: nine of `T` (they meet), `F` (they do not), `*`
/// (whatever), `0`, `1` and `2` (they meet in just this dimension).
///
/// # Examples
///
/// ```
/// use tiepoint_core::MatrixPattern;
///
/// let contains: MatrixPattern = "t*****ff*".parse()?;
/// assert_eq!(contains.to_string(), "T*****FF*");
/// let error = "T*****XF*".parse::<MatrixPattern>().unwrap_err();
/// assert!(error.to_string().starts_with("`T*****XF*` has `X` at character 7"), "{error}");
/// # Ok::<(), tiepoint_core::MatrixError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MatrixPattern([Cell; 9]);

impl MatrixPattern {
    /// The mask of the second to the first: `relate(a, b)` matches this where `relate(b, a)`
    /// matches the other.
    #[must_use]
    pub fn transposed(&self) -> Self {
        Self(std::array::from_fn(|at| self.0[at % 3 * 3 + at / 3]))
    }
}

impl fmt::Display for MatrixPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = self.0.iter().map(|cell| match cell {
            Cell::Anything => '*',
            Cell::Something => 'T',
            Cell::Exactly(dimension) => dimension.letter(),
        });
        f.pad(&letters.collect::<String>())
    }
}

impl FromStr for MatrixPattern {
    type Err = MatrixError;

    /// Reads nine of `T`, `F`, `*`, `0`, `1` and `2`, letters in either case.
    fn from_str(text: &str) -> Result<Self, MatrixError> {
        let cells = nine(text, "mask", |letter| match letter {
            '*' => Some(Cell::Anything),
            'T' | 't' => Some(Cell::Something),
            'F' | 'f' => Some(Cell::Exactly(Dimension::Empty)),
            '0' => Some(Cell::Exactly(Dimension::Point)),
            '1' => Some(Cell::Exactly(Dimension::Curve)),
            '2' => Some(Cell::Exactly(Dimension::Surface)),
            _ => None,
        })?;
        Ok(Self(cells))
    }
}

fn nine<T: Copy>(
    text: &str,
    what: &'static str,
    read: impl Fn(char) -> Option<T>,
) -> Result<[T; 9], MatrixError> {
    let shown = || text.chars().take(40).collect();
    let mut cells = Vec::with_capacity(9);
    for (index, found) in text.chars().enumerate().take(9) {
        let refused = || MatrixError::Character { text: shown(), what, found, at: index + 1 };
        cells.push(read(found).ok_or_else(refused)?);
    }
    let count = text.chars().count();
    let short_or_long = |_| MatrixError::Length { text: shown(), what, count };
    if count > 9 { Err(short_or_long(cells)) } else { cells.try_into().map_err(short_or_long) }
}

/// Why a text is no matrix or mask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// Not nine characters.
    #[error(
        "`{text}` has {count} characters, and a {what} has nine\nhint: interior, boundary and exterior of the first with those of the second, row by row, such as T*****FF*"
    )]
    Length {
        /// The start of the text.
        text: String,
        /// `matrix` or `mask`.
        what: &'static str,
        /// How many it has.
        count: usize,
    },
    /// A character that stands for nothing.
    #[error(
        "`{text}` has `{found}` at character {at}, which means nothing in a {what}\nhint: a matrix has F, 0, 1 and 2; a mask T and * too"
    )]
    Character {
        /// The start of the text.
        text: String,
        /// `matrix` or `mask`.
        what: &'static str,
        /// The character.
        found: char,
        /// Which one it is, from 1.
        at: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for text in ["FF2FF1212", "0F1FF0102", "FFFFFFFF2"] {
            assert_eq!(text.parse::<IntersectionMatrix>().expect(text).to_string(), text);
        }
        for text in ["T*F**FFF*", "012TF*FFF", "*********"] {
            assert_eq!(text.parse::<MatrixPattern>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn a_mask_has_nine_known_characters() {
        for (text, claim) in [
            ("", "`` has 0 characters"),
            ("T*****FF", "`T*****FF` has 8 characters"),
            ("T*****FF**", "`T*****FF**` has 10 characters"),
            ("T*****FF3", "`T*****FF3` has `3` at character 9"),
            ("T****äFF*", "`T****äFF*` has `ä` at character 6"),
        ] {
            let error = text.parse::<MatrixPattern>().expect_err(text).to_string();
            assert!(error.starts_with(claim), "{error}");
        }
        assert!("T********".parse::<IntersectionMatrix>().is_err());
    }

    #[test]
    fn transposing_swaps_rows_and_columns() {
        let matrix: IntersectionMatrix = "012F12FF2".parse().expect("nine");
        assert_eq!(matrix.transposed().to_string(), "0FF11F222");
        let mask: MatrixPattern = "T*F**0FF*".parse().expect("nine");
        assert_eq!(mask.transposed().to_string(), "T*F**FF0*");
    }
}
