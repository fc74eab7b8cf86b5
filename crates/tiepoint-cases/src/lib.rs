//! The cases that decide what an expression means, whichever store answers.
