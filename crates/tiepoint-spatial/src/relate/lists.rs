//! Lists of edges, one after the other in one place.

/// Which edges are in which of many lists.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Lists {
    /// From pairs of list and edge; there is one empty list more than `count`.
    pub(super) fn of(count: usize, pairs: &[(usize, u32)]) -> Self {
        let mut starts = vec![0_u32; count + 2];
        for (list, _) in pairs {
            starts[*list + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut edges = vec![0; pairs.len()];
        for (list, edge) in pairs {
            edges[next[*list] as usize] = *edge;
            next[*list] += 1;
        }
        Self { starts, edges }
    }

    #[inline]
    pub(super) fn get(&self, list: usize) -> &[u32] {
        &self.edges[self.starts[list] as usize..self.starts[list + 1] as usize]
    }

    /// The empty list.
    #[allow(clippy::cast_possible_truncation, reason = "lists are counted in a u32")]
    pub(super) fn none(&self) -> u32 {
        self.starts.len() as u32 - 2
    }
}
