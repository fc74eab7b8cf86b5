//! Change sets go out and come back exactly, as protobuf and as JSON; and what is no change set is
//! refused.
mod arbitrary;
mod googles_reader;
mod hostile;
mod round_trips;
mod speed;
mod unknown;
