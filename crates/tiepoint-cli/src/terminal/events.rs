//! What a watcher hears for people: a line per change, and one per field.
use super::changes::{fields_of, sign};
use super::text::plain;
use tiepoint::{Author, Changed, Layer, Reset, WatchEvent, rfc3339};

/// An event as lines: when, what, of what, by whom; then the fields as in a diff.
pub(crate) fn event_lines(event: &WatchEvent, layer: Option<&Layer>) -> String {
    match event {
        WatchEvent::Changed(changed) => changed_lines(changed, layer),
        WatchEvent::Reset(reset) => reset_line(reset),
    }
}

fn changed_lines(changed: &Changed, layer: Option<&Layer>) -> String {
    let mut text = format!(
        "{} {} {} {}, {}\n",
        changed.at.map_or_else(|| "time unknown".to_owned(), rfc3339),
        sign(&changed.change),
        plain(&changed.layer),
        plain(&changed.target.to_string()),
        by(changed),
    );
    fields_of(&mut text, &changed.change, &changed.fields, layer);
    text
}

/// Whose doing it is, in a word or two.
fn by(changed: &Changed) -> String {
    let author = match changed.author {
        Author::This => "own",
        Author::Tiepoint => "tiepoint",
        Author::Other => "other",
        Author::Unknown => "author unknown",
    };
    match &changed.who {
        Some(who) => format!("{author}, {}", plain(who)),
        None => author.to_owned(),
    }
}

fn reset_line(reset: &Reset) -> String {
    let (of, again) = match &reset.layer {
        Some(layer) => (format!("layer `{}`", plain(layer)), "read it again"),
        None => ("all layers".to_owned(), "read them again"),
    };
    format!("! {of}: what happened is not known; {}; {again}\n", reset.reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};
    use tiepoint::{Change, ChangeTarget, Checkpoint, Fid, FieldChange, ResetReason};

    fn changed(at: Option<SystemTime>, who: Option<&str>) -> WatchEvent {
        let height = FieldChange { field: 0, before: Some(20.into()), after: None };
        WatchEvent::Changed(Changed {
            layer: "trees".into(),
            fields: ["height".to_owned()].into(),
            target: ChangeTarget::Fid(Fid::Int(7)),
            fid: Some(Fid::Int(7)),
            change: Change::Update(vec![height]),
            author: if at.is_some() { Author::Other } else { Author::Unknown },
            who: who.map(Into::into),
            at,
            settled: true,
            checkpoint: Checkpoint::new("9"),
        })
    }

    #[test]
    fn a_change_says_when_what_and_who() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500);
        assert_eq!(
            event_lines(&changed(Some(at), Some("anna\u{1b}")), None),
            "1970-01-01T00:00:01.500Z ~ trees row 7, other, anna\u{fffd}\n    height: 20 → unset\n"
        );
        assert_eq!(
            event_lines(&changed(None, None), None),
            "time unknown ~ trees row 7, author unknown\n    height: 20 → unset\n"
        );
    }

    #[test]
    fn what_is_not_known_is_said_to_be() {
        let (reason, checkpoint) = (ResetReason::NotNoted, Checkpoint::new("9"));
        let reset = Reset { layer: Some("trees".into()), reason, checkpoint };
        assert_eq!(
            event_lines(&WatchEvent::Reset(reset), None),
            "! layer `trees`: what happened is not known; what notes changes had been taken away; \
             read it again\n"
        );
    }
}
