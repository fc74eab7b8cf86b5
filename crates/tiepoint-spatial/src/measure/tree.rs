//! A tree of boxes over the pieces of one geometry, to find the near ones without seeing all.

/// A box in up to three dimensions; flat in those that are not used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) min: [f64; 3],
    pub(super) max: [f64; 3],
}

impl Bounds {
    pub(super) fn of(a: [f64; 3], b: [f64; 3]) -> Self {
        let pick = |by: fn(f64, f64) -> f64| std::array::from_fn(|axis| by(a[axis], b[axis]));
        Self { min: pick(f64::min), max: pick(f64::max) }
    }

    pub(super) fn grown_by(self, margin: f64) -> Self {
        Self { min: self.min.map(|it| it - margin), max: self.max.map(|it| it + margin) }
    }

    pub(super) fn merged(self, other: &Self) -> Self {
        Self {
            min: std::array::from_fn(|axis| self.min[axis].min(other.min[axis])),
            max: std::array::from_fn(|axis| self.max[axis].max(other.max[axis])),
        }
    }

    /// The square of the straight distance between the nearest corners, edges or sides.
    #[inline]
    pub(super) fn distance2(&self, other: &Self) -> f64 {
        let [x, y, z] = self.gaps(other);
        x * x + y * y + z * z
    }

    /// The straight distance, also where its square is out of range.
    pub(super) fn distance(&self, other: &Self) -> f64 {
        let [x, y, z] = self.gaps(other);
        x.hypot(y).hypot(z)
    }

    #[inline]
    fn gaps(&self, other: &Self) -> [f64; 3] {
        std::array::from_fn(|axis| {
            let gap = (self.min[axis] - other.max[axis]).max(other.min[axis] - self.max[axis]);
            gap.max(0.0)
        })
    }

    fn middle(&self, axis: usize) -> f64 {
        self.min[axis].midpoint(self.max[axis])
    }

    fn widest_axis(&self) -> usize {
        let width = |axis: usize| self.max[axis] - self.min[axis];
        (1..3).fold(0, |widest, axis| if width(axis) > width(widest) { axis } else { widest })
    }
}

/// Boxes around boxes. Items are numbered as they were given.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// Item numbers, leaf by leaf.
    items: Vec<u32>,
}

#[derive(Debug)]
struct Node {
    bounds: Bounds,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// A range of [`Tree::items`].
    Leaf {
        from: u32,
        to: u32,
    },
    Branch {
        left: u32,
        right: u32,
    },
}

const LEAF: usize = 4;

impl Tree {
    /// Over the items whose boxes these are. O(n log n).
    pub(super) fn new(boxes: &[Bounds]) -> Self {
        let mut items: Vec<u32> = (0..).take(boxes.len()).collect();
        let mut nodes = Vec::with_capacity(boxes.len() / 2 + 1);
        if !items.is_empty() {
            build(boxes, &mut items, 0, &mut nodes);
        }
        Self { nodes, items }
    }

    /// Shows items to `see` in boxes whose `score` is at most `limit`, low scores first as far as
    /// the tree goes; `see` returns the new limit.
    #[inline]
    pub(super) fn nearest(
        &self,
        mut limit: f64,
        score: impl Fn(&Bounds) -> f64 + Copy,
        mut see: impl FnMut(u32, f64) -> f64,
    ) {
        let mut open = [(0_u32, 0.0_f64); 2 * 32];
        let mut depth = 0;
        if let Some(root) = self.nodes.first() {
            open[0] = (0, score(&root.bounds));
            depth = 1;
        }
        while depth > 0 {
            depth -= 1;
            let (at, low) = open[depth];
            if low > limit {
                continue;
            }
            match self.nodes[at as usize].content {
                Content::Leaf { from, to } => {
                    for item in &self.items[from as usize..to as usize] {
                        limit = see(*item, limit);
                    }
                }
                Content::Branch { left, right } => {
                    let scored = |at: u32| (at, score(&self.nodes[at as usize].bounds));
                    let (left, right) = (scored(left), scored(right));
                    let (near, far) = if left.1 <= right.1 { (left, right) } else { (right, left) };
                    open[depth] = far;
                    open[depth + 1] = near;
                    depth += 2;
                }
            }
        }
    }
}

impl Tree {
    /// Shows the items in all boxes that are wanted to `see`, and others in the same leaves.
    pub(super) fn each(&self, wanted: impl Fn(&Bounds) -> bool, mut see: impl FnMut(u32)) {
        let mut open = vec![0_u32];
        while let Some(node) = open.pop().and_then(|at| self.nodes.get(at as usize)) {
            if !wanted(&node.bounds) {
                continue;
            }
            match node.content {
                Content::Leaf { from, to } => {
                    self.items[from as usize..to as usize].iter().for_each(|item| see(*item));
                }
                Content::Branch { left, right } => open.extend([left, right]),
            }
        }
    }
}

fn build(boxes: &[Bounds], items: &mut [u32], from: usize, nodes: &mut Vec<Node>) {
    let of = |item: u32| &boxes[item as usize];
    let bounds = items.iter().skip(1).fold(*of(items[0]), |all, item| all.merged(of(*item)));
    let index = nodes.len();
    let small = |count: usize| u32::try_from(count).expect("positions are counted in u32");
    let content = Content::Leaf { from: small(from), to: small(from + items.len()) };
    nodes.push(Node { bounds, content });
    if items.len() <= LEAF {
        return;
    }
    let axis = bounds.widest_axis();
    let half = items.len() / 2;
    items.select_nth_unstable_by(half, |a, b| of(*a).middle(axis).total_cmp(&of(*b).middle(axis)));
    let (left, right) = items.split_at_mut(half);
    build(boxes, left, from, nodes);
    nodes[index].content = Content::Branch { left: small(index + 1), right: small(nodes.len()) };
    build(boxes, right, from + half, nodes);
}
