//! Fuzzes [`tiepoint_fuzz::change_set`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tiepoint_fuzz::change_set(bytes));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    tiepoint_fuzz::replay(tiepoint_fuzz::change_set)
}
