//! The segments that the sweep line meets, from bottom to top.

/// Chunks longer than this are split.
const CHUNK: usize = 256;

/// An ordered sequence of segments, in chunks: a change moves a few hundred numbers at most, plus
/// one per chunk.
///
/// No chunk is empty.
#[derive(Debug, Default)]
pub(super) struct Status {
    chunks: Vec<Vec<usize>>,
}

/// A place in the sequence: which chunk, and where in it. The end is after the last chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    chunk: usize,
    offset: usize,
}

impl Status {
    /// The place of the first segment that `is_below` does not hold for; it must hold for none
    /// after that.
    pub(super) fn first_not(&self, is_below: impl Fn(usize) -> bool) -> Place {
        let all_below = |chunk: &Vec<usize>| chunk.last().is_none_or(|last| is_below(*last));
        let chunk = self.chunks.partition_point(all_below);
        let offset = self.chunks.get(chunk);
        let offset = offset.map_or(0, |chunk| chunk.partition_point(|segment| is_below(*segment)));
        Place { chunk, offset }
    }

    /// The segment before a place.
    pub(super) fn before(&self, place: Place) -> Option<usize> {
        match place.offset.checked_sub(1) {
            Some(offset) => self.chunks[place.chunk].get(offset).copied(),
            None => self.chunks[..place.chunk].last()?.last().copied(),
        }
    }

    /// The segments from a place on.
    pub(super) fn from(&self, place: Place) -> impl Iterator<Item = usize> {
        let rest = self.chunks.get(place.chunk..).unwrap_or_default();
        rest.iter().flatten().skip(place.offset).copied()
    }

    /// Puts segments where `count` others are now.
    pub(super) fn replace(&mut self, place: Place, count: usize, segments: &[usize]) {
        let Place { chunk, offset } = place;
        let Some(first) = self.chunks.get_mut(chunk) else {
            return self.append(segments);
        };
        let here = count.min(first.len() - offset);
        first.splice(offset..offset + here, segments.iter().copied());
        let mut elsewhere = count - here;
        while let Some(next) = self.chunks.get_mut(chunk + 1).filter(|_| elsewhere > 0) {
            let taken = elsewhere.min(next.len());
            next.drain(..taken);
            elsewhere -= taken;
            if next.is_empty() {
                self.chunks.remove(chunk + 1);
            }
        }
        self.settle(chunk);
    }

    fn append(&mut self, segments: &[usize]) {
        match self.chunks.last_mut() {
            Some(last) => last.extend_from_slice(segments),
            None => self.chunks.push(segments.to_vec()),
        }
        self.settle(self.chunks.len() - 1);
    }

    /// Removes a chunk that has become empty, splits one that has become long.
    fn settle(&mut self, chunk: usize) {
        let length = self.chunks[chunk].len();
        if length == 0 {
            self.chunks.remove(chunk);
        } else if length > CHUNK {
            let upper = self.chunks[chunk].split_off(length / 2);
            self.chunks.insert(chunk + 1, upper);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_sequence(changes in proptest::collection::vec((0..2000_usize, 0..600_usize, 0..600_usize), 0..60)) {
            let (mut status, mut sequence) = (Status::default(), Vec::<usize>::new());
            for (at, count, new) in changes {
                // keeps the numbers in order: new ones take the place of old ones, or follow
                let at = at.min(sequence.len());
                let count = count.min(sequence.len() - at);
                let from = at.checked_sub(1).map_or(0, |before| sequence[before] + 1);
                let room = sequence.get(at + count).map_or(new, |after| (after - from).min(new));
                let new: Vec<usize> = (from..from + room).collect();
                let place = status.first_not(|segment| segment < from);
                prop_assert_eq!(status.before(place), at.checked_sub(1).map(|before| sequence[before]));
                status.replace(place, count, &new);
                sequence.splice(at..at + count, new);
                let start = Place { chunk: 0, offset: 0 };
                prop_assert_eq!(&status.from(start).collect::<Vec<_>>(), &sequence);
                prop_assert!(status.chunks.iter().all(|chunk| !chunk.is_empty()));
            }
        }
    }
}
