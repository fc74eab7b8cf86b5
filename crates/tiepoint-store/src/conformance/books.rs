//! Promises about side tables of ours.
use super::fixture::{begin, committed, created, places};
use super::promises;
use crate::Store;

promises! {
    |it| it.books && it.define_layers => {
        a_book_keeps_what_is_written,
        a_book_is_read_in_the_order_of_its_keys,
        a_book_is_undone_with_its_transaction,
        books_are_no_layers_and_do_not_mix,
    }
}

fn a_book_keeps_what_is_written(store: &dyn Store) {
    committed(store, |transaction| {
        let mut book = transaction.book("log").expect("opens");
        assert_eq!(book.get(b"a").expect("reads"), None);
        book.put(b"a", b"1").expect("writes");
        book.put(b"a", b"2").expect("overwrites");
        book.put(b"", b"").expect("even nothing under nothing");
    });
    committed(store, |transaction| {
        let mut book = transaction.book("log").expect("opens");
        assert_eq!(book.get(b"a").expect("reads").as_deref(), Some(&b"2"[..]));
        assert_eq!(book.get(b"").expect("reads").as_deref(), Some(&b""[..]));
        assert!(book.remove(b"a").expect("writes"));
        assert!(!book.remove(b"a").expect("writes"));
    });
}

fn a_book_is_read_in_the_order_of_its_keys(store: &dyn Store) {
    committed(store, |transaction| {
        let mut book = transaction.book("log").expect("opens");
        for key in [&[2][..], &[0, 255], &[0], &[255], &[0, 1]] {
            book.put(key, b"").expect("writes");
        }
        let keys = |from: &[u8], limit| -> Vec<Vec<u8>> {
            book.range(from, limit).expect("reads").into_iter().map(|(key, _)| key).collect()
        };
        assert_eq!(keys(&[], 9), [&[0][..], &[0, 1], &[0, 255], &[2], &[255]]);
        assert_eq!(keys(&[0, 2], 2), [&[0, 255][..], &[2]]);
    });
}

fn a_book_is_undone_with_its_transaction(store: &dyn Store) {
    let mut transaction = begin(store);
    transaction.book("log").expect("opens").put(b"a", b"1").expect("writes");
    transaction.rollback().expect("rolls back");
    committed(store, |transaction| {
        assert_eq!(transaction.book("log").expect("opens").get(b"a").expect("reads"), None);
    });
}

fn books_are_no_layers_and_do_not_mix(store: &dyn Store) {
    created(store, &places());
    committed(store, |transaction| {
        transaction.book("log").expect("opens").put(b"a", b"1").expect("writes");
        transaction.book("it's").expect("opens").put(b"a", b"2").expect("writes");
        let log = transaction.book("log").expect("opens").get(b"a").expect("reads");
        assert_eq!(log.as_deref(), Some(&b"1"[..]));
    });
    let layers = store.layers().expect("lists");
    assert_eq!(layers.iter().map(|it| it.name()).collect::<Vec<_>>(), ["places"]);
}
