//! The matrix of two shapes, exactly: every edge is followed from node to node.
//!
//! A *node* is where edges meet or end. Between nodes an edge lies to a group of edges in one way
//! all along, on itself and on both sides; at a node, directions sorted around it tell how edges
//! go on. That is the idea of `RelateNG` in JTS (M. Davis, 2024); nodes that are no corner of
//! anything are told apart and ordered along the edge exactly, without coordinates of their own.
use super::contacts::{Contact, EdgeId, Finder, Spot, Which};
use super::node::{Lies, Ray, lies_among, rays_of};
use super::shape::{Edge, Inside, Shape};
use super::stops::{Stop, sort};
use std::ops::ControlFlow;
use tiepoint_core::{Dimension, IntersectionMatrix, Part, Xy};

/// The matrix of two shapes of one scale.
pub(super) fn matrix(first: &Shape, second: &Shape) -> IntersectionMatrix {
    let mut follower = Follower::new(first, second);
    for which in [Which::First, Which::Second] {
        follower.follow(which);
        follower.points(which);
    }
    follower.matrix.raise(Part::Exterior, Part::Exterior, Dimension::Surface);
    follower.matrix
}

/// Where a position lies to a shape.
pub(super) fn locate(shape: &Shape, at: Xy) -> Part {
    if shape.is_plain_surface() {
        return shape.grid().locate(at, &shape.edges);
    }
    let mut rays = Vec::new();
    let _all = shape.grid().near(at, at, |index| {
        let edge = &shape.edges[index as usize];
        if edge.passes(at) {
            rays_of(edge, Some(at), &mut rays);
        }
        ControlFlow::<()>::Continue(())
    });
    let lies: Vec<Lies> = groups(shape).map(|group| around(shape, group, &rays, at)).collect();
    part_of_node(shape, &rays, &lies, Some(at))
}

fn groups(shape: &Shape) -> impl Iterator<Item = u32> + use<> {
    0..shape.surfaces + u32::from(shape.has_lines)
}

/// How a position lies to a group without rays; [`Lies::Out`] where it has some.
fn around(shape: &Shape, group: u32, rays: &[Ray], at: Xy) -> Lies {
    if group == shape.surfaces || rays.iter().any(|ray| ray.group == group) {
        return Lies::Out;
    }
    match shape.grid().locate_in_group(at, &shape.edges, group) {
        Part::Interior => Lies::In,
        Part::Boundary | Part::Exterior => Lies::Out,
    }
}

/// Where a node lies to a shape: `rays` of the shape leave it, and `lies` tells how it lies to
/// the groups that have none; `corner` is where it is, if at a corner.
fn part_of_node(shape: &Shape, rays: &[Ray], lies: &[Lies], corner: Option<Xy>) -> Part {
    let has_rays = |group: u32| rays.iter().any(|ray| ray.group == group);
    let surfaces = || 0..shape.surfaces;
    let covering = |group: u32| lies[group as usize] == Lies::In && !has_rays(group);
    if surfaces().any(covering) {
        return Part::Interior;
    }
    let mut rings = rays.iter().filter(|ray| ray.group < shape.surfaces).peekable();
    if let Some(first) = rings.peek() {
        let alone = rays.iter().all(|ray| ray.group == first.group || ray.group == shape.surfaces);
        // inside, if surfaces adjoin all around: just left of every ray
        let is_covered = |ray: &Ray| {
            surfaces().any(|group| {
                let of_group = rays.iter().filter(|ray| ray.group == group);
                lies_among((ray.from, ray.to), of_group).is_some_and(Lies::has_left)
            })
        };
        return if !alone && rings.all(is_covered) { Part::Interior } else { Part::Boundary };
    }
    if has_rays(shape.surfaces) {
        let is_end = corner.is_some_and(|at| shape.is_odd_end(at));
        return if is_end { Part::Boundary } else { Part::Interior };
    }
    let is_point = corner.is_some_and(|at| shape.has_point(at));
    if is_point { Part::Interior } else { Part::Exterior }
}

/// Where a piece of an edge lies to a shape, and what is left and right of it.
fn parts_of_piece(shape: &Shape, lies: &[Lies]) -> [Part; 3] {
    let (surfaces, of_lines) = lies.split_at(shape.surfaces as usize);
    let on_side = |any: bool| if any { Part::Interior } else { Part::Exterior };
    let left = surfaces.iter().any(|it| it.has_left());
    let right = surfaces.iter().any(|it| it.has_right());
    let is_on = |it: &Lies| matches!(it, Lies::On { .. });
    let on = if surfaces.contains(&Lies::In) || left && right {
        Part::Interior
    } else if surfaces.iter().any(is_on) {
        Part::Boundary
    } else {
        on_side(of_lines.iter().any(is_on))
    };
    [on_side(left), on, on_side(right)]
}

/// Goes along edges and notes in the matrix what it sees.
struct Follower<'a> {
    shapes: [&'a Shape; 2],
    /// How the edge lies to the groups of both shapes, where it has come to.
    lies: [Vec<Lies>; 2],
    rays: [Vec<Ray>; 2],
    matrix: IntersectionMatrix,
}

impl<'a> Follower<'a> {
    fn new(first: &'a Shape, second: &'a Shape) -> Self {
        let outside = |shape: &Shape| vec![Lies::Out; shape.groups()];
        Self {
            shapes: [first, second],
            lies: [outside(first), outside(second)],
            rays: [Vec::new(), Vec::new()],
            matrix: IntersectionMatrix::NOTHING,
        }
    }

    fn edge(&self, id: EdgeId) -> &'a Edge {
        &self.shapes[id.of as usize].edges[id.index as usize]
    }

    /// Follows all lines and rings of a shape.
    fn follow(&mut self, of: Which) {
        let shape = self.shapes[of as usize];
        let mut finder = Finder::default();
        for chain in &shape.chains {
            for index in chain.clone() {
                let number = index.try_into().expect("edges are counted in a u32");
                let id = EdgeId { of, index: number };
                let contacts = finder.find(self.shapes, id);
                let is_first = index == chain.start;
                if is_first {
                    self.start_chain(id);
                }
                let ends = index + 1 == chain.end && shape.edges[index].inside == Inside::Neither;
                if is_first || ends || !contacts.is_empty() {
                    self.follow_edge(id, contacts);
                }
            }
        }
    }

    /// Finds out how the start of a chain lies to all groups but its own.
    fn start_chain(&mut self, id: EdgeId) {
        let edge = self.edge(id);
        for (index, (shape, lies)) in self.shapes.into_iter().zip(&mut self.lies).enumerate() {
            let own = (index == id.of as usize).then_some(edge.group);
            for group in (0..shape.surfaces).filter(|group| Some(*group) != own) {
                let grid = shape.grid();
                lies[group as usize] = match grid.locate_in_group(edge.from, &shape.edges, group) {
                    Part::Interior => Lies::In,
                    Part::Boundary | Part::Exterior => Lies::Out,
                };
            }
            if let Some(lines) = lies.get_mut(shape.surfaces as usize) {
                *lines = Lies::Out;
            }
        }
        self.lies[id.of as usize][edge.group as usize] = Ray::along(edge).lies();
    }

    fn follow_edge(&mut self, id: EdgeId, contacts: &[Contact]) {
        let edge = self.edge(id);
        let ends = [edge.from, edge.to];
        let mut stops: Vec<_> = ends.map(|at| Stop::corner(edge, at, None)).into();
        let mut overlaps = Vec::new();
        for contact in contacts {
            match contact.spot {
                Spot::Corner(at) => stops.push(Stop::corner(edge, at, Some(contact.with))),
                Spot::Crossing => {
                    stops.push(Stop::crossing(edge, self.edge(contact.with), contact.with));
                }
                Spot::Overlap => overlaps.push(contact.with),
            }
        }
        sort(&mut stops);
        let mut rest = stops.as_slice();
        while let Some(first) = rest.first() {
            let count = rest.iter().take_while(|stop| first.compare(stop).is_eq()).count();
            let (here, after) = rest.split_at(count);
            rest = after;
            self.node(id, here, &overlaps);
            if !rest.is_empty() {
                self.piece();
            }
        }
    }

    /// Notes where a node lies, and turns into the piece after it.
    fn node(&mut self, id: EdgeId, stops: &[Stop], overlaps: &[EdgeId]) {
        let edge = self.edge(id);
        let corner = stops.iter().find_map(Stop::at_corner);
        self.rays.iter_mut().for_each(Vec::clear);
        rays_of(edge, corner, &mut self.rays[id.of as usize]);
        for with in stops.iter().filter_map(|stop| stop.with) {
            let other = self.edge(with);
            rays_of(other, corner, &mut self.rays[with.of as usize]);
        }
        for with in overlaps {
            let other = self.edge(*with);
            let [start, end] =
                [other.from, other.to].map(|at| Stop::corner(edge, at, None).compare(&stops[0]));
            if start != end && start.is_ne() && end.is_ne() {
                rays_of(other, corner, &mut self.rays[with.of as usize]);
            }
        }
        let part = |of: Which| {
            let index = of as usize;
            part_of_node(self.shapes[index], &self.rays[index], &self.lies[index], corner)
        };
        let (first, second) = (part(Which::First), part(Which::Second));
        self.matrix.raise(first, second, Dimension::Point);
        self.turn(id);
    }

    /// How the edge lies to all groups after a node.
    fn turn(&mut self, id: EdgeId) {
        let edge = self.edge(id);
        for (index, rays) in self.rays.iter().enumerate() {
            for group in groups(self.shapes[index]) {
                let own = index == id.of as usize && group == edge.group;
                let lies = &mut self.lies[index][group as usize];
                if own {
                    *lies = Ray::along(edge).lies();
                } else if let Some(found) =
                    lies_among(edge.ends(), rays.iter().filter(|ray| ray.group == group))
                {
                    *lies = found;
                }
            }
        }
    }

    /// Notes where the piece of an edge that it has come to lies.
    fn piece(&mut self) {
        let [first, second] =
            [0, 1].map(|index: usize| parts_of_piece(self.shapes[index], &self.lies[index]));
        let dimensions = [Dimension::Surface, Dimension::Curve, Dimension::Surface];
        for (at, dimension) in dimensions.into_iter().enumerate() {
            self.matrix.raise(first[at], second[at], dimension);
        }
    }

    fn points(&mut self, of: Which) {
        for at in &self.shapes[of as usize].points {
            let [first, second] = self.shapes.map(|shape| locate(shape, *at));
            self.matrix.raise(first, second, Dimension::Point);
        }
    }
}
