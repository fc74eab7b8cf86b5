//! Inside or outside, from the rings that a way out crosses an odd number of times.

/// What a ring is of its polygon. Rings are listed polygon by polygon, the shell first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Shell,
    Hole,
}

/// Whether a place is inside a polygon: inside its shell and in none of its holes.
///
/// `crossed` are the numbers of the rings that the way from the place to a place outside of
/// everything crosses, once per crossing, in any order.
pub(super) fn is_inside(crossed: &mut [u32], role: impl Fn(u32) -> Role) -> bool {
    crossed.sort_unstable();
    let mut inside = false;
    // what is odd stays; holes come right after their shell, unless the shell is not odd
    let mut shell: Option<u32> = None;
    for run in crossed.chunk_by(|a, b| a == b).filter(|run| run.len() % 2 == 1) {
        let ring = run[0];
        match role(ring) {
            Role::Shell if inside => return true,
            Role::Shell => (inside, shell) = (true, Some(ring)),
            Role::Hole => {
                let of_this = |shell: u32| (shell + 1..ring).all(|ring| role(ring) == Role::Hole);
                inside &= !shell.is_some_and(of_this);
            }
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_take_away_from_their_own_polygon_only() {
        let roles = [Role::Shell, Role::Hole, Role::Hole, Role::Shell, Role::Hole];
        for (crossed, inside) in [
            (vec![], false),
            (vec![0], true),
            (vec![0, 0], false),
            (vec![2, 0], false),
            (vec![0, 1, 2, 1, 2], true),
            (vec![1], false),
            (vec![4], false),
            (vec![0, 4], true),
            (vec![0, 1, 3], true),
            (vec![0, 1, 3, 4], false),
            (vec![3, 0, 4], true),
        ] {
            let mut listed = crossed.clone();
            assert_eq!(is_inside(&mut listed, |ring| roles[ring as usize]), inside, "{crossed:?}");
        }
    }
}
