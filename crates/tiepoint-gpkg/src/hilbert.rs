//! The Hilbert curve, along which neighbours in the plane stay neighbours in a list.

/// Where a cell of a 65,536 × 65,536 grid lies along the Hilbert curve (Hilbert 1891; the loop of
/// Warren, "Hacker's Delight", figure 16-8).
pub(crate) fn hilbert(mut x: u32, mut y: u32) -> u32 {
    let mut distance = 0;
    for bit in (0..16).rev() {
        let (right, up) = (x >> bit & 1, y >> bit & 1);
        distance = distance << 2 | (3 * right) ^ up;
        if up == 0 {
            if right == 1 {
                (x, y) = (!x & 0xffff, !y & 0xffff);
            }
            (x, y) = (y, x);
        }
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_on_the_curve_are_neighbours_in_the_plane() {
        let mut at = vec![(0_u32, 0_u32); 64 * 64];
        for x in 0..64 {
            for y in 0..64 {
                at[(hilbert(x << 10, y << 10) >> 20) as usize] = (x, y);
            }
        }
        let apart = |a: (u32, u32), b: (u32, u32)| a.0.abs_diff(b.0) + a.1.abs_diff(b.1);
        assert!(at.windows(2).all(|pair| apart(pair[0], pair[1]) == 1));
    }
}
