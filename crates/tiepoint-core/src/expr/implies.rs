//! Whether what passes one filter is sure to pass another: what a cache asks of its coverage.
use super::{Bound, Function, Node};
use crate::{Envelope, SpatialPredicate, Value};
use std::cmp::Ordering;

impl Bound {
    /// Whether every feature for which `self` is true is one for which `other` is true.
    ///
    /// True is a promise; false says only that we do not see it. Understands conjunctions,
    /// disjunctions, ranges, lists of values, boxes, and spatial predicates that imply a box. Costs
    /// the product of the two filters' parts.
    ///
    /// ```
    /// use tiepoint_core::{Field, FieldType, Schema, field};
    /// let schema = Schema::new(vec![Field::new("height", FieldType::INT)])?;
    /// let bind = |filter: tiepoint_core::Expr| filter.bind_filter(&schema).expect("fits");
    /// let (tall, taller) = (bind(field("height").gt(10)), bind(field("height").gt(20)));
    /// assert!(taller.implies(&tall) && !tall.implies(&taller));
    /// # Ok::<(), tiepoint_core::SchemaError>(())
    /// ```
    #[must_use]
    pub fn implies(&self, other: &Self) -> bool {
        if self == other || *self == Self::FALSE || *other == Self::TRUE {
            return true;
        }
        if let Some((Function::And, wanted)) = other.as_call() {
            return wanted.iter().all(|part| self.implies(part));
        }
        if let Some((Function::Or, cases)) = self.as_call() {
            return cases.iter().all(|case| case.implies(other));
        }
        if let Some((Function::Or, cases)) = other.as_call()
            && cases.iter().any(|case| self.implies(case))
        {
            return true;
        }
        match self.as_call() {
            Some((Function::And, parts)) => parts.iter().any(|part| part.implies(other)),
            _ => simple(self, other),
        }
    }
}

/// Of two conditions that are neither conjunctions nor disjunctions.
fn simple(a: &Bound, b: &Bound) -> bool {
    match (Range::of(a), Range::of(b)) {
        (Some(a), Some(b)) if a.subject == b.subject => return a.is_within(&b),
        _ => {}
    }
    if let Some((Function::Not, [inner])) = b.as_call()
        && let Some((Function::IsNull, [subject])) = inner.as_call()
    {
        return is_true_only_of_known(a, subject);
    }
    boxes_imply(a, b)
}

/// Whether a condition cannot be true while `subject` is null.
fn is_true_only_of_known(condition: &Bound, subject: &Bound) -> bool {
    if condition == subject {
        return true;
    }
    match condition.as_call() {
        Some((Function::In, [first, ..])) => is_true_only_of_known(first, subject),
        Some((function, arguments)) if !function.accepts_null() => {
            arguments.iter().any(|it| is_true_only_of_known(it, subject))
        }
        _ => false,
    }
}

/// A condition that keeps one subject among, below, above or between constants.
struct Range<'a> {
    subject: &'a Bound,
    values: Values<'a>,
}

enum Values<'a> {
    Among(Vec<&'a Value>),
    Below(&'a Value, Edge),
    Above(&'a Value, Edge),
}

#[derive(Clone, Copy, PartialEq)]
enum Edge {
    Included,
    Excluded,
}

impl<'a> Range<'a> {
    fn of(condition: &'a Bound) -> Option<Self> {
        let (function, arguments) = condition.as_call()?;
        let [subject, others @ ..] = arguments else { return None };
        if let (Function::In, Node::Field(..) | Node::Id | Node::Call(..)) =
            (function, subject.node())
        {
            let values = others.iter().map(Bound::as_constant).collect::<Option<Vec<_>>>()?;
            return Some(Self { subject, values: Values::Among(values) });
        }
        let [other] = others else { return None };
        let (subject, value, mirrored) = match (subject.as_constant(), other.as_constant()) {
            (None, Some(value)) => (subject, value, false),
            (Some(value), None) => (other, value, true),
            _ => return None,
        };
        let values = match (function, mirrored) {
            (Function::Eq, _) => Values::Among(vec![value]),
            (Function::Lt, false) | (Function::Gt, true) => Values::Below(value, Edge::Excluded),
            (Function::Le, false) | (Function::Ge, true) => Values::Below(value, Edge::Included),
            (Function::Gt, false) | (Function::Lt, true) => Values::Above(value, Edge::Excluded),
            (Function::Ge, false) | (Function::Le, true) => Values::Above(value, Edge::Included),
            _ => return None,
        };
        Some(Self { subject, values })
    }

    fn is_within(&self, wider: &Self) -> bool {
        let ends_within =
            |mine: &Value, edge, theirs: &Value, wider_edge, smaller: Ordering| match mine
                .compare(theirs)
            {
                Some(Ordering::Equal) => edge == Edge::Excluded || wider_edge == Edge::Included,
                order => order == Some(smaller),
            };
        match (&self.values, &wider.values) {
            (Values::Among(mine), _) => {
                mine.iter().all(|it| it.is_null() || wider.values.contains(it))
            }
            (Values::Below(mine, edge), Values::Below(theirs, wider)) => {
                ends_within(mine, *edge, theirs, *wider, Ordering::Less)
            }
            (Values::Above(mine, edge), Values::Above(theirs, wider)) => {
                ends_within(mine, *edge, theirs, *wider, Ordering::Greater)
            }
            _ => false,
        }
    }
}

impl Values<'_> {
    fn contains(&self, value: &Value) -> bool {
        let lies = |limit: &Value, wanted: Ordering, edge: Edge| match value.compare(limit) {
            Some(Ordering::Equal) => edge == Edge::Included,
            order => order == Some(wanted),
        };
        match self {
            Self::Among(values) => {
                values.iter().any(|it| it.compare(value) == Some(Ordering::Equal))
            }
            Self::Below(limit, edge) => lies(limit, Ordering::Less, *edge),
            Self::Above(limit, edge) => lies(limit, Ordering::Greater, *edge),
        }
    }
}

/// Whether a condition that bounds a geometry implies one about which box it meets.
fn boxes_imply(a: &Bound, b: &Bound) -> bool {
    let Some((Function::BoxesMeet, wanted)) = b.as_call() else { return false };
    let bounding = match a.as_call() {
        Some((Function::BoxesMeet, arguments)) => arguments,
        Some((Function::Spatial(predicate), arguments))
            if *predicate != SpatialPredicate::Disjoint =>
        {
            arguments
        }
        _ => return false,
    };
    match (with_envelope(bounding), with_envelope(wanted)) {
        (Some((a, mine)), Some((b, theirs))) => a == b && theirs.contains(&mine),
        _ => false,
    }
}

/// The geometry that a condition is about, and the envelope of the constant beside it.
fn with_envelope(arguments: &[Bound]) -> Option<(&Bound, Envelope)> {
    let [a, b] = arguments else { return None };
    let (subject, place) = match (a.as_constant(), b.as_constant()) {
        (None, Some(place)) => (a, place),
        (Some(place), None) => (b, place),
        _ => return None,
    };
    Some((subject, place.as_geometry()?.envelope()?))
}

#[cfg(test)]
mod tests {
    use super::super::{Expr, field};
    use crate::{BBox, Crs, Field, FieldType, GeometryType, KindRule, Schema};

    fn implies(a: Expr, b: Expr) -> bool {
        let geometry = GeometryType::xy(KindRule::Any, Crs::CRS84);
        let schema = Schema::new(vec![
            Field::new("n", FieldType::INT),
            Field::new("t", FieldType::TEXT),
            Field::new("geom", FieldType::Geometry(geometry)),
        ])
        .expect("distinct names");
        let bind = |it: Expr| it.bind_filter(&schema).expect("fits");
        bind(a).implies(&bind(b))
    }

    fn meets(numbers: [f64; 4]) -> Expr {
        let [min_x, min_y, max_x, max_y] = numbers;
        field("geom").meets_box(BBox { min_x, min_y, max_x, max_y }, Crs::CRS84)
    }

    #[test]
    fn ranges_know_their_edges() {
        let n = || field("n");
        assert!(implies(n().gt(5), n().ge(5)) && !implies(n().ge(5), n().gt(5)));
        assert!(implies(n().lt(5), n().lt(6)) && !implies(n().lt(6), n().lt(5)));
        assert!(implies(n().eq(5), n().between(1, 5)) && !implies(n().eq(5), n().lt(5)));
        assert!(implies(n().is_in([1, 2]), n().is_in([3, 2, 1])));
        assert!(!implies(n().is_in([1, 4]), n().is_in([3, 2, 1])));
        assert!(implies(Expr::from(5).lt(n()), n().gt(4)), "a mirrored comparison is the same");
        assert!(!implies(n().gt(5), field("t").gt("5")));
    }

    #[test]
    fn boxes_imply_larger_boxes() {
        let (small, large) = ([1.0, 1.0, 2.0, 2.0], [0.0, 0.0, 3.0, 2.0]);
        assert!(implies(meets(small), meets(large)) && !implies(meets(large), meets(small)));
        let (fiji, pacific) = ([178.0, -19.0, -179.0, -16.0], [170.0, -30.0, -170.0, 0.0]);
        assert!(implies(meets(fiji), meets(pacific)) && !implies(meets(pacific), meets(fiji)));
        let [min_x, min_y, max_x, max_y] = small;
        let area = Expr::Box(BBox { min_x, min_y, max_x, max_y }, Crs::CRS84);
        assert!(implies(field("geom").within(area.clone()), meets(large)));
        assert!(!implies(field("geom").disjoint(area), meets(large)));
    }

    #[test]
    fn junctions_are_taken_apart() {
        let (n, t) = (|| field("n"), || field("t").eq("x"));
        assert!(implies(n().gt(5) & t(), n().gt(4)));
        assert!(implies(n().gt(5) & t(), t() & n().gt(5)));
        assert!(implies(n().gt(5), n().gt(5) | t()) && !implies(n().gt(5) | t(), n().gt(5)));
        assert!(implies(n().gt(5) | n().eq(4), n().gt(3)));
    }

    #[test]
    fn what_is_compared_is_known() {
        assert!(implies(field("n").gt(5), field("n").is_not_null()));
        assert!(implies(meets([0.0, 0.0, 1.0, 1.0]), field("geom").is_not_null()));
        assert!(!implies(field("n").is_null(), field("n").is_not_null()));
        assert!(!implies(field("n").coalesce(1).gt(5), field("n").is_not_null()));
    }
}
