//! What rows are called, in eight bytes each.
//!
//! Nearly every fid is a whole number, which is kept as it is. Texts are kept aside, and numbers
//! from the far end of all, which stand for the places of what is aside.
use std::hash::BuildHasher;
use tiepoint_core::Fid;

/// What a row is called, if that is known. Two are alike where they are of the same row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Name(i64);

impl Name {
    pub(super) const NONE: Self = Self(i64::MIN);
    const FIRST_ASIDE: i64 = i64::MIN + 1;
    const LAST_ASIDE: i64 = Self::FIRST_ASIDE + 0xffff_ffff;

    /// The name of a fid that is its own.
    #[inline]
    pub(super) fn plain(fid: &Fid) -> Option<Self> {
        match fid {
            Fid::Int(number) if *number > Self::LAST_ASIDE => Some(Self(*number)),
            _ => None,
        }
    }

    fn aside(place: u32) -> Self {
        Self(Self::FIRST_ASIDE + i64::from(place))
    }

    /// Where its fid is kept, if that is aside.
    fn place(self) -> Option<u32> {
        let offset = self.0.checked_sub(Self::FIRST_ASIDE)?;
        u32::try_from(offset).ok()
    }
}

/// The fids that are no names of their own.
#[derive(Default)]
pub(super) struct Names {
    aside: Vec<Option<Fid>>,
    free: Vec<u32>,
}

impl Names {
    /// A name for a fid that has none.
    pub(super) fn keep(&mut self, fid: Fid) -> Name {
        if let Some(name) = Name::plain(&fid) {
            return name;
        }
        if let Some(place) = self.free.pop() {
            self.aside[place as usize] = Some(fid);
            return Name::aside(place);
        }
        let place = u32::try_from(self.aside.len()).expect("there are no more names than ties");
        self.aside.push(Some(fid));
        Name::aside(place)
    }

    /// Nothing is called so any more.
    pub(super) fn release(&mut self, name: Name) {
        if let Some(place) = name.place() {
            self.aside[place as usize] = None;
            self.free.push(place);
        }
    }

    pub(super) fn fid(&self, name: Name) -> Option<Fid> {
        match name.place() {
            Some(_) => self.kept(name).cloned(),
            None => (name != Name::NONE).then_some(Fid::Int(name.0)),
        }
    }

    pub(super) fn is(&self, name: Name, fid: &Fid) -> bool {
        match Name::plain(fid) {
            Some(plain) => name == plain,
            None => self.kept(name) == Some(fid),
        }
    }

    /// The hash of a plain name, or of the fid that is kept aside for another.
    pub(super) fn hash(&self, hasher: &impl BuildHasher, name: Name) -> u64 {
        match self.kept(name) {
            Some(fid) => hasher.hash_one(fid),
            None => hasher.hash_one(name),
        }
    }

    fn kept(&self, name: Name) -> Option<&Fid> {
        self.aside[name.place()? as usize].as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fids of all kinds: usual ones, and those at either end.
    fn fids() -> Vec<Fid> {
        let ends = [Name::NONE.0, Name::FIRST_ASIDE, Name::LAST_ASIDE, Name::LAST_ASIDE + 1];
        let numbers = ends.into_iter().chain([-1, 0, 1, 1 << 52, i64::MAX]);
        let texts = ["", "a", "1"].map(|it| Fid::Text(it.to_owned()));
        numbers.map(Fid::Int).chain(texts).collect()
    }

    #[test]
    fn a_name_leads_to_its_fid_and_to_no_other() {
        let mut names = Names::default();
        let all: Vec<(Fid, Name)> =
            fids().into_iter().map(|fid| (fid.clone(), names.keep(fid))).collect();
        for (fid, name) in &all {
            assert_ne!(*name, Name::NONE, "{fid}");
            assert_eq!(names.fid(*name).as_ref(), Some(fid));
            for (other, name) in &all {
                assert_eq!(names.is(*name, fid), other == fid, "{fid:?} and {other:?}");
            }
        }
    }

    #[test]
    fn nothing_is_called_by_no_name() {
        let names = Names::default();
        assert_eq!(names.fid(Name::NONE), None);
        assert!(fids().iter().all(|fid| !names.is(Name::NONE, fid)));
    }

    #[test]
    fn places_of_names_that_were_released_are_used_again() {
        let mut names = Names::default();
        for round in 0..3 {
            let all: Vec<Name> = fids().into_iter().map(|fid| names.keep(fid)).collect();
            assert_eq!(names.aside.len(), 6, "round {round}");
            for name in all {
                names.release(name);
            }
        }
        assert!(names.aside.iter().all(Option::is_none), "nothing is kept for nobody");
    }
}
