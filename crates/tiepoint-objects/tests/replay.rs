//! What QGIS signalled while people edited (`traces/`), told to a registry: every row has its object
//! whenever the trace says what the layer holds.
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tiepoint_core::{Fid, FidRule, ObjectId};
use tiepoint_objects::{
    Duplicates, Event, LayerKey, Policy, Provisional, Reason, Registry, Request, Rewritten, Scope,
    State, TieRef, Verdict,
};

/// A row as a trace says that it is: its fid, what it carries, and whose it is.
type Row = (i64, Option<ObjectId>, i64);

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Replay {
    policy: Policy,
    ties: Registry<Arc<i64>>,
    layer: LayerKey,
    objects: HashMap<i64, Arc<i64>>,
    rows: Vec<Row>,
    /// What is done, in words.
    doing: String,
    looks_due: bool,
    reads: Vec<Scope>,
    filtered: bool,
    in_command: bool,
    in_transaction: bool,
    committed: bool,
    /// A rollback is over, but the layer does not show it yet.
    rolling_back: bool,
    checked: usize,
}

impl Replay {
    fn new(rule: FidRule) -> Self {
        let policy = Policy {
            provisional: Provisional::Negative,
            duplicates: Duplicates::Report,
            rewritten: Rewritten::Report,
            ..Policy::column(rule)
        };
        let mut ties = Registry::default();
        let layer = ties.add_layer(policy);
        Self {
            policy,
            ties,
            layer,
            objects: HashMap::new(),
            rows: Vec::new(),
            doing: String::new(),
            looks_due: false,
            reads: vec![Scope::All],
            filtered: false,
            in_command: false,
            in_transaction: false,
            committed: false,
            rolling_back: false,
            checked: 0,
        }
    }

    fn hear(&mut self, event: Event) {
        let verdict = self.ties.hear(self.layer, event);
        self.heed(verdict);
    }

    fn heed(&mut self, verdict: Verdict) {
        for request in verdict.requests {
            match request {
                Request::Look(_) => self.looks_due = true,
                Request::Read(scope) => self.reads.push(scope),
                // Nobody ties these layers, so ids that are owed are never written.
                Request::Write => {}
            }
        }
    }

    fn signal(&mut self, name: &str, line: &Value) {
        let fid = || Fid::Int(line["fid"].as_i64().expect("the signal names a row"));
        let fids = |values: &Value| -> Vec<Fid> {
            let values = values.as_array().expect("the signal names rows").iter();
            let number = |it: &Value| it.as_i64().or(it[0].as_i64());
            values.map(|it| Fid::Int(number(it).expect("a fid"))).collect()
        };
        let id = || line["id"].as_str().and_then(|text| text.parse().ok());
        match name {
            "editing_started" => {
                let passthrough = line["transaction"] == true;
                self.in_transaction = passthrough;
                self.hear(Event::EditingStarted { passthrough });
            }
            "added" => {
                self.hear(Event::Added { fid: fid() });
                // In a transaction it is looked for: what is said to be back may be called otherwise.
                if !self.in_transaction {
                    self.hear(Event::Seen { fid: fid(), id: id() });
                }
            }
            "deleted" => self.hear(Event::Deleted { fid: fid() }),
            "changed" => self.hear(Event::Changed { fid: fid() }),
            "identity" => self.hear(Event::IdentityWritten { fid: fid(), id: id() }),
            "step" => {
                self.in_command = false;
                self.hear(Event::StepEnded { clean: line["index"] == 0 });
            }
            "command_started" => self.in_command = true,
            "command_ended" | "command_destroyed" => self.in_command = false,
            "commit_started" => {
                self.in_command = false;
                self.hear(Event::CommitStarted);
            }
            "committed_removed" => {
                self.hear(Event::CommittedRemoved { fids: fids(&line["fids"]) });
            }
            "committed_added" => self.hear(Event::CommittedAdded { fids: fids(&line["rows"]) }),
            "commit_ended" => self.end_commit(true),
            "commit_failed" => self.end_commit(false),
            "rolled_back" => self.rolling_back = true,
            "editing_stopped" if self.rolling_back => self.end_rollback(),
            "fields_changed" => {
                self.hear(Event::FieldsChanged { identity: !line["identity"].is_null() });
            }
            "data_changed" => self.hear(Event::DataChanged),
            "subset_changed" => {
                self.filtered = !self.filtered;
                self.hear(Event::FilterChanged { filtered: self.filtered });
            }
            "source_changed" => self.hear(Event::SourceChanged),
            "editing_stopped"
            | "rollback_started"
            | "committed_geometries"
            | "committed_changed" => {}
            other => panic!("a signal of which nothing is known: {other}"),
        }
    }

    fn end_commit(&mut self, success: bool) {
        self.committed |= success;
        let editing = !success || self.doing.ends_with("go on editing");
        self.hear(Event::CommitEnded { success, editing });
    }

    fn end_rollback(&mut self) {
        (self.rolling_back, self.in_command) = (false, false);
        let editing = self.doing.ends_with("keep the buffer");
        self.hear(Event::RolledBack { editing });
        self.settle();
    }

    fn holds(&mut self, rows: &Value) {
        if let Some(rows) = rows.as_array() {
            let row = |it: &Value| {
                let id = it[1].as_str().and_then(|text| text.parse().ok());
                (it[0].as_i64().expect("a fid"), id, it[2].as_i64().expect("a secret"))
            };
            self.rows = rows.iter().map(row).collect();
        }
        // Nothing is signalled of what is done behind the layer's back: its user resyncs.
        if ["provider_direct", "outside", "key_edited"].iter().any(|it| self.doing.contains(it)) {
            self.reads.push(Scope::All);
        }
        if !self.rolling_back {
            self.settle();
        }
    }

    /// Answers what was asked, and holds the ties to what is true.
    fn settle(&mut self) {
        if self.in_command {
            return;
        }
        if std::mem::take(&mut self.looks_due) {
            for fid in self.ties.tracker(self.layer).unread() {
                let row = self.rows.iter().find(|row| Fid::Int(row.0) == fid).copied();
                self.hear(match row {
                    Some((_, id, _)) => Event::Seen { fid, id },
                    None => Event::Absent { fid },
                });
            }
            self.hear(Event::StepEnded { clean: false });
        }
        while let Some(scope) = self.reads.pop() {
            self.read(&scope);
        }
        self.check();
    }

    fn read(&mut self, scope: &Scope) {
        let mut reading = self.ties.resync(self.layer, scope);
        for (fid, id, _) in &self.rows {
            let fid = Fid::Int(*fid);
            if !matches!(scope, Scope::Fids(fids) if !fids.contains(&fid)) {
                reading.row(fid, *id);
            }
        }
        let verdict = reading.finish();
        self.heed(verdict);
    }

    fn check(&mut self) {
        let mut seen = HashSet::new();
        for (fid, id, secret) in self.rows.clone() {
            let tracker = self.ties.tracker(self.layer);
            match tracker.by_feature(Some(&Fid::Int(fid)), id.as_ref()) {
                Ok(tie) => {
                    assert!(seen.insert(tie), "{}: {fid} has another row's object", self.doing);
                    if !self.is_anybodys(id) {
                        self.check_object(tie, fid, secret);
                    }
                }
                Err(why) => {
                    let is_copy =
                        matches!(why.reason, Reason::Duplicate { of } if self.is_taken(of, fid));
                    // Nobody wrote its id, and its fid is another now.
                    let is_nameless = id.is_none() && self.policy.fids == FidRule::Ephemeral;
                    assert!(
                        is_copy || is_nameless,
                        "{}: {fid} of {secret} is lost: {why}",
                        self.doing
                    );
                }
            }
        }
        self.checked += self.rows.len();
    }

    /// Whether a commit moved rows of which nobody wrote which is the copy.
    fn is_anybodys(&self, id: Option<ObjectId>) -> bool {
        let carriers = self.rows.iter().filter(|row| row.1 == id).count();
        self.committed && self.policy.fids != FidRule::Stable && carriers > 1
    }

    /// Whether another row carries the id, or an undo would bring one back.
    fn is_taken(&self, id: ObjectId, fid: i64) -> bool {
        let tracker = self.ties.tracker(self.layer);
        let may_return = tracker.known(&id).is_some_and(|it| tracker.state(it) == State::Deleted);
        may_return || self.rows.iter().any(|row| row.1 == Some(id) && row.0 != fid)
    }

    fn check_object(&mut self, tie: TieRef, fid: i64, secret: i64) {
        let made = self.objects.entry(secret).or_insert_with(|| Arc::new(secret)).clone();
        let object = self.ties.bind(self.layer, tie, made.clone());
        assert!(Arc::ptr_eq(&object, &made), "{}: {fid} of {secret} has {object}", self.doing);
        let tracker = self.ties.tracker(self.layer);
        assert_eq!(tracker.fid(tie), Some(Fid::Int(fid)), "{}: {secret}", self.doing);
        assert_eq!(self.ties.by_id(&tracker.id(tie)), Ok((self.layer, tie)), "{}", self.doing);
        assert_eq!(self.policy, *tracker.policy());
    }
}

fn replay(path: &Path) -> usize {
    let text = fs::read_to_string(path).expect("the trace can be read");
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("is JSON"));
    let head = lines.next().expect("a trace has a head");
    let rule = match head["fids"].as_str().expect("the head says how long fids are good") {
        "stable" => FidRule::Stable,
        "renumbering" => FidRule::Renumbering,
        _ => FidRule::Ephemeral,
    };
    let kind = head["kind"].as_str().expect("the head says the kind");
    let mut replay = Replay::new(rule);
    let (mut checked, mut scenario) = (0, String::new());
    for line in lines {
        if let Some(name) = line["scenario"].as_str() {
            checked += replay.checked;
            replay = Replay::new(rule);
            name.clone_into(&mut scenario);
        } else if let Some(name) = line["event"].as_str() {
            replay.signal(name, &line);
        } else if let Some(what) = line["do"].as_str() {
            replay.doing = format!("{kind}, {scenario}: {what}");
        } else {
            replay.holds(&line["rows"]);
        }
    }
    checked + replay.checked
}

#[test]
fn what_qgis_signals_leads_to_right_ties() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces");
    let entries = fs::read_dir(folder).expect("there are traces");
    let mut paths: Vec<_> = entries.map(|it| it.expect("can be listed").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "jsonl"));
    paths.sort();
    assert!(paths.len() >= 12, "the traces of some kinds are missing");
    for path in paths {
        let checked = replay(&path);
        println!("{}: {checked} rows", path.display());
    }
}
