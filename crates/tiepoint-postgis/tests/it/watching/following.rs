//! Following what anybody commits.
use super::{Copy, heard, told, trees, watch};
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{Author, WatchEvent};

#[test]
fn what_others_commit_is_told_of_with_before_and_after() {
    let Some(server) = server_or_skip("what others commit") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let mut watch = watch(&store);
    assert_eq!(heard(watch.as_mut()), []);
    schema.execute(
        "INSERT INTO trees VALUES (1, 'oak, \"old\" \\ 1', 20.1, '1812-06-24 05:00+01:13', \
           'SRID=4326;POINT (8.5 47.4)'), (2, NULL, NULL, NULL, NULL);
         UPDATE trees SET height = 0.1 + 0.2 WHERE fid = 1; UPDATE trees SET height = 9;
         UPDATE trees SET name = name; DELETE FROM trees WHERE fid = 2",
    );
    let events = heard(watch.as_mut());
    assert_eq!(told(&events), "+1 +2 ~1 ~2 ~1 -2.");
    let mut copy = Copy::default();
    events.iter().for_each(|event| copy.apply(event));
    assert_eq!(copy, Copy::of(&store));
    let WatchEvent::Changed(first) = &events[0] else { panic!("{events:?}") };
    assert_eq!((first.author, first.who.as_deref()), (Author::Other, Some("postgres")));
    assert!(first.at.is_some());
}
