//! What may happen to a layer, chosen without looking at it, so that any part of a history is one.

macro_rules! what_may_happen {
    ($($name:ident)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum What { $($name),* }

        /// What is seldom as well as what is often done.
        const ALL: &[What] = &[$(What::$name),*];
    };
}

what_may_happen! {
    Start
    AddNew
    AddMany
    AddWithoutId
    AddTwice
    Touch
    Edit
    TamperNothing
    TamperOthers
    TamperUnknown
    TamperBack
    SwapIds
    Delete
    DeleteMany
    DeleteNothing
    Copy
    Cut
    Paste
    PasteTwice
    PasteThenDelete
    CutAndPaste
    Duplicate
    Split
    SplitInCommand
    MergeInto
    MergeIntoWithId
    MergeToNew
    MultiToSingle
    Begin
    End
    Destroy
    Undo
    UndoMany
    Redo
    RedoMany
    Commit
    CommitAndGoOn
    CommitFails
    RollBack
    RollBackAndGoOn
    DropField
    AddField
    OthersAdd
    OthersAddWithoutId
    OthersCopy
    OthersDelete
    OthersTouch
    OthersTamper
    OthersGiveId
    Twin
    Repack
    Resync
    ResyncSome
    Reload
    Filter
    Source
    Gone
    Returned
    Restart
    Take
    Drop
    DropAll
    EventLoop
}

const OFTEN: &[What] = &[
    What::AddNew,
    What::AddNew,
    What::Delete,
    What::Delete,
    What::Touch,
    What::Edit,
    What::Paste,
    What::Paste,
    What::Copy,
    What::Cut,
    What::Undo,
    What::Undo,
    What::Undo,
    What::Redo,
    What::Start,
    What::EventLoop,
    What::End,
    What::Commit,
];

impl What {
    /// Whether it is nothing but writing into identity fields.
    pub(crate) fn tampers(self) -> bool {
        matches!(
            self,
            Self::TamperNothing
                | Self::TamperOthers
                | Self::TamperUnknown
                | Self::TamperBack
                | Self::SwapIds
        )
    }
}

/// One thing that happens. Which rows it happens to is said by numbers that mean something in any
/// state: `at` of so many; `coins` are the host's choices meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct Op {
    pub(crate) what: What,
    pub(crate) at: u8,
    pub(crate) other: u8,
    pub(crate) coins: u16,
}

impl std::fmt::Debug for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, at, other, coins } = self;
        write!(f, "(What::{what:?}, {at}, {other}, {coins:#x})")
    }
}

/// Numbers as they come (`SplitMix64`).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("limits are small");
        usize::try_from(self.next() % limit).expect("below a usize")
    }

    pub(crate) fn op(&mut self) -> Op {
        let from = if self.below(2) == 0 { OFTEN } else { ALL };
        let what = from[self.below(from.len())];
        let [at, other, low, high, ..] = self.next().to_le_bytes();
        Op { what, at, other, coins: u16::from_le_bytes([low, high]) }
    }
}
