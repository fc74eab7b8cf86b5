//! Expressions that are true, false or null.
use tiepoint_core::{
    BBox, CrsUnits, Expr, ExprType, Function as F, Length, Metres, SpatialPredicate,
    TemporalPredicate,
};

use super::expression::Builder;

const LIKES: [&str; 8] = ["%", "a%", "%b", "%a%", "_", "a_b", r"a\%b", "%a%b%"];
const REGEXES: [&str; 6] = ["", "^a", "b$", "[0-9]+", r"(?i)stra(ß|ss)e", r"\s"];
const MASKS: [&str; 6] =
    ["T********", "FF*FF****", "T*F**F***", "***T*****", "212101212", "*********"];
const COMPARISONS: [F; 6] = [F::Eq, F::Ne, F::Lt, F::Le, F::Gt, F::Ge];
const ARRAYS: [F; 4] = [F::ArrayEquals, F::ArrayContains, F::ArrayContainedBy, F::ArrayOverlaps];

impl Builder<'_> {
    pub(super) fn truth(&mut self, depth: usize) -> Expr {
        let Some(depth) = depth.checked_sub(1) else { return self.simple_truth() };
        match self.below(20) {
            0 | 1 => self.simple_truth(),
            2 => Expr::call(F::And, self.truths(depth)),
            3 => Expr::call(F::Or, self.truths(depth)),
            4 => !self.truth(depth),
            5 => self.anything(depth).is_null(),
            6 => {
                let ty = self.ordered_type();
                self.of(&ty, depth).between(self.of(&ty, depth), self.of(&ty, depth))
            }
            7 => {
                let ty = self.ordered_type();
                let others: Vec<Expr> = (0..self.below(4)).map(|_| self.of(&ty, depth)).collect();
                self.of(&ty, depth).is_in(others)
            }
            8 => self.of(&ExprType::Text, depth).like(self.one_of(&LIKES)),
            9 => self.of(&ExprType::Text, depth).matches(self.one_of(&REGEXES)),
            10 => {
                let function = self.one_of(&[F::StartsWith, F::EndsWith, F::Like]);
                let texts = [self.of(&ExprType::Text, depth), self.of(&ExprType::Text, depth)];
                Expr::call(function, texts)
            }
            11 => Expr::call(self.one_of(&ARRAYS), [self.array(depth), self.array(depth)]),
            12 => {
                let function = self.one_of(&[F::IsEmpty, F::IsValid]);
                Expr::call(function, [self.any_geometry(depth)])
            }
            13 => self.temporal(depth),
            14 => self.chosen(&ExprType::Bool, depth),
            15 => {
                let from = self.one_of(&[ExprType::Int, ExprType::Text]);
                self.of(&from, depth).cast(ExprType::Bool)
            }
            _ => self.spatial(depth),
        }
    }

    fn truths(&mut self, depth: usize) -> Vec<Expr> {
        (0..=self.below(3)).map(|_| self.truth(depth)).collect()
    }

    /// A comparison, or something spatial, without calls in it.
    fn simple_truth(&mut self) -> Expr {
        match self.below(3) {
            0 => {
                let ty = self.ordered_type();
                let function = self.one_of(&COMPARISONS);
                let (a, b) = (self.leaf(&ty), self.leaf(&ty));
                Expr::call(function, [a, b])
            }
            1 => self.spatial(0),
            _ => self.leaf(&ExprType::Bool),
        }
    }

    fn spatial(&mut self, depth: usize) -> Expr {
        let crs = self.crs();
        let ty = ExprType::Geometry(crs.clone());
        let (a, b) = (self.of(&ty, depth), self.of(&ty, depth));
        match self.below(6) {
            0 | 1 => Expr::call(F::Spatial(self.one_of(&SpatialPredicate::ALL)), [a, b]),
            2 => a.relate(b, self.one_of(&MASKS).parse().expect("a mask")),
            3 => a.boxes_meet(b),
            4 => {
                let limits = [0.0, 1e3, 111_000.0, 250_000.0, -1.0, 2_500.0];
                let limit = self.one_of(&limits);
                let metres = crs.is_lonlat() || self.below(2) == 0 && !crs.stretches_metres();
                let metres = metres && (crs.is_lonlat() || crs.metres_per_unit().is_some());
                let limit: Length =
                    if metres { Metres(limit).into() } else { CrsUnits(limit).into() };
                if self.below(3) > 0 {
                    return a.within_distance(b, limit);
                }
                let function = self.one_of(&COMPARISONS);
                Expr::call(function, [a.distance(b), limit.split().0.into()])
            }
            _ if crs.is_lonlat() => {
                let west = self.one_of(&[7.0, 9.0, 10.5, 179.0]);
                let east = self.one_of(&[10.0, 12.0, -179.0, 18.0]);
                let bbox = BBox { min_x: west, min_y: 47.5, max_x: east, max_y: 50.0 };
                a.meets_box(bbox, crs)
            }
            _ => {
                let north = self.one_of(&[5_500_000.0, 5_502_000.0]);
                let (min_x, max_x) = (500_500.0, 503_000.0);
                a.meets_box(BBox { min_x, min_y: 5_400_000.0, max_x, max_y: north }, crs)
            }
        }
    }

    /// A temporal predicate of instants that every predicate on instants takes, or of intervals.
    fn temporal(&mut self, depth: usize) -> Expr {
        let predicate = self.one_of(TemporalPredicate::ALL);
        let a = self.interval(depth);
        let b = self.interval(depth);
        Expr::call(F::Temporal(predicate), [a, b])
    }

    fn interval(&mut self, depth: usize) -> Expr {
        let ty = self.one_of(&[ExprType::Date, ExprType::DateTime]);
        let mut end = || if self.below(4) == 3 { Expr::NULL } else { self.of(&ty, depth) };
        let ends = [end(), end()];
        Expr::call(F::Interval, ends)
    }
}
