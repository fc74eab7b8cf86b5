//! What the renderer says, to a dialect that owns up to what it is asked.
use super::{Dialect, Doubt, Fragment, NativeError, TextUse, condition, order_by, split, value};
use crate::SortKey;
use std::fmt::Write as _;
use tiepoint_core::{
    Bound, Direction, Expr, ExprType, Field, FieldType, Function, NativeFunction, Node, Nulls,
    Schema, Value, field,
};

/// Spells everything in words; has no code of ours within, unless told.
struct Plain {
    guards: bool,
    computes: bool,
}

impl Dialect for Plain {
    type Bind = String;

    fn store(&self) -> &'static str {
        "plain"
    }

    fn quote(&self, name: &str, sql: &mut String) {
        write!(sql, "[{}]", name.replace(']', "]]")).expect("a string takes everything");
    }

    fn placeholder(&self, number: usize, sql: &mut String) {
        write!(sql, "${number}").expect("a string takes everything");
    }

    fn truth(&self, truth: bool) -> &'static str {
        if truth { "TRUE" } else { "FALSE" }
    }

    fn field(&self, _position: usize, name: &str) -> Fragment<String> {
        Fragment::name(name)
    }

    fn constant(&self, value: &Value, _ty: &ExprType) -> Option<Fragment<String>> {
        let text = Bound::constant(value.clone(), ExprType::of_value(value)?).to_string();
        Some(Fragment::bind(text))
    }

    fn compares(&self, a: &Bound, b: &Bound) -> bool {
        let simple = |it: &Bound| !matches!(it.node(), Node::Call(function, _) if !matches!(function, Function::Native(_)));
        a.ty() == b.ty() && simple(a) && simple(b)
    }

    fn longest_list(&self) -> usize {
        3
    }

    fn sorts(&self, key: &Bound) -> bool {
        matches!(key.ty(), ExprType::Int | ExprType::Text)
    }

    fn collated(&self, _: &Bound, text: Fragment<String>, _: TextUse) -> Fragment<String> {
        text.then(" COLLATE C")
    }

    fn holds(&self, field: &Bound, doubt: Doubt) -> Option<Fragment<String>> {
        let Node::Field(_, name) = field.node() else { return None };
        let asked = self.guards && doubt != Doubt::Equal;
        asked.then(|| Fragment::call("holds", [Fragment::name(name)]))
    }

    fn tells_null(&self, _field: &Bound) -> bool {
        true
    }

    fn call(
        &self,
        function: &Function,
        arguments: &[Bound],
        value: &dyn Fn(&Bound) -> Option<Fragment<String>>,
    ) -> Option<Fragment<String>> {
        let [one] = arguments else { return None };
        (*function == Function::CharLength)
            .then(|| Some(Fragment::call("length", [value(one)?])))
            .flatten()
    }

    fn computed(&self, expr: &Bound) -> Option<Fragment<String>> {
        self.computes.then(|| Fragment::call("ours", [Fragment::bind(expr.to_string())]))
    }

    fn prefilter(&self, _filter: &Bound) -> Option<Fragment<String>> {
        None
    }
}

const BARE: Plain = Plain { guards: false, computes: false };
const GUARDED: Plain = Plain { guards: true, computes: true };

fn bound(expr: &Expr) -> Bound {
    let fields = vec![
        Field::new("n", FieldType::INT),
        Field::new("t", FieldType::TEXT),
        Field::new("ok", FieldType::Bool),
        Field::new("a] b", FieldType::INT),
    ];
    expr.bind(&Schema::new(fields).expect("distinct names")).expect("fits")
}

fn spelt(dialect: &Plain, fragment: Option<Fragment<String>>) -> Option<String> {
    fragment.map(|it| {
        let statement = it.spell(dialect);
        let binds = statement.binds.iter().enumerate().rev();
        binds.fold(statement.sql, |sql, (at, bind)| sql.replace(&format!("${}", at + 1), bind))
    })
}

fn said(dialect: &Plain, expr: &Expr) -> String {
    let sql = spelt(dialect, condition(dialect, &bound(expr)));
    sql.unwrap_or_else(|| "nothing".to_owned())
}

fn native(store: &str, argument: Expr) -> Expr {
    let (store, name) = (store.to_owned(), "f] x".to_owned());
    let native = NativeFunction { store, name, ty: ExprType::Int };
    Expr::call(Function::Native(native), [argument])
}

#[test]
fn conditions_stand_bare_where_the_database_keeps_types() {
    let (n, t) = (|| field("n"), || field("t"));
    for (expr, sql) in [
        (n().gt(5), "([n] > 5)"),
        (t().eq("x"), "([t] COLLATE C = 'x')"),
        (n().gt(5) & t().lt("x"), "(([n] > 5) AND ([t] COLLATE C < 'x'))"),
        (n().gt(5) | n().is_null(), "(([n] > 5) OR (NOT ([n] IS NOT NULL)))"),
        (!n().gt(5), "NOT ([n] > 5)"),
        (n().is_not_null(), "([n] IS NOT NULL)"),
        (n().is_in([1, 2]), "([n] IN (1, 2))"),
        (n().is_in([1, 2, 3, 4]), "nothing"),
        (field("ok"), "([ok] = TRUE)"),
        (field("a] b").eq(1), "([a]] b] = 1)"),
        (t().upper().eq("X"), "nothing"),
        (native("plain", n()).eq(1), "([f]] x]([n]) = 1)"),
    ] {
        assert_eq!(said(&BARE, &expr), sql, "{expr}");
    }
}

#[test]
fn what_may_be_of_another_kind_is_guarded() {
    let (n, t) = (|| field("n"), || field("t"));
    for (expr, sql) in [
        (n().gt(5), "([n] > 5 AND holds([n]))"),
        (n().eq(5), "([n] = 5)"),
        (n().eq(field("a] b")), "([n] = [a]] b] AND holds([n]) AND holds([a]] b]))"),
        (!n().eq(5), "NOT (CASE WHEN holds([n]) THEN [n] = 5 END)"),
        (n().is_null(), "(NOT holds([n]))"),
        (n().is_not_null(), "holds([n])"),
        (t().upper().eq("X"), "ours(upper(t) = 'X')"),
        (n().eq(5) & t().upper().eq("X"), "(([n] = 5) AND ours(upper(t) = 'X'))"),
        (n().eq(5) | t().upper().eq("X"), "(([n] = 5) OR ours(upper(t) = 'X'))"),
        (native("plain", -n()).eq(1), "([f]] x](ours(-n)) = 1)"),
    ] {
        assert_eq!(said(&GUARDED, &expr), sql, "{expr}");
    }
}

#[test]
fn what_the_database_cannot_decide_is_left_and_the_rest_is_not() {
    let (n, t) = (|| field("n"), || field("t"));
    let filter = bound(&(n().gt(5) & t().upper().eq("X") & n().lt(9)));
    let parts = split(&BARE, &filter).expect("asks no other store");
    assert_eq!(spelt(&BARE, parts.condition).as_deref(), Some("(([n] > 5) AND ([n] < 9))"));
    assert_eq!(parts.rest, bound(&t().upper().eq("X")));
    let all = split(&BARE, &Bound::TRUE).expect("asks no other store");
    assert_eq!((all.condition, all.rest), (None, Bound::TRUE));
}

#[test]
fn functions_of_stores_run_there_or_not_at_all() {
    let foreign = bound(&native("other", field("n")).eq(1));
    assert!(matches!(split(&GUARDED, &foreign), Err(NativeError::OfAnotherStore { .. })));
    let entangled = bound(&native("plain", field("n")).abs().eq(1));
    assert!(matches!(split(&GUARDED, &entangled), Err(NativeError::Entangled { .. })));
}

#[test]
fn an_order_is_the_databases_only_if_all_of_it_is() {
    let key = |expr: Expr, direction, nulls| SortKey { key: bound(&expr), direction, nulls };
    let by_number = key(field("n"), Direction::Descending, Nulls::Last);
    let by_text = key(field("t"), Direction::Ascending, Nulls::First);
    let by_truth = key(field("ok"), Direction::Ascending, Nulls::First);
    let sql = order_by(&BARE, &[by_number.clone(), by_text]);
    let expected = "[n] DESC NULLS LAST, [t] COLLATE C ASC NULLS FIRST";
    assert_eq!(spelt(&BARE, sql).as_deref(), Some(expected));
    assert!(order_by(&BARE, &[by_number, by_truth]).is_none());
}

#[test]
fn values_keep_false_and_null_apart() {
    let sql = value(&GUARDED, &bound(&(field("n").gt(5) & field("ok"))));
    assert_eq!(
        spelt(&GUARDED, sql).as_deref(),
        Some("((CASE WHEN holds([n]) THEN [n] > 5 END) AND (CASE WHEN holds([ok]) THEN [ok] END))")
    );
    let length = value(&BARE, &bound(&field("t").char_length()));
    assert_eq!(spelt(&BARE, length).as_deref(), Some("length([t])"));
}

#[test]
fn a_long_junction_is_no_deep_tree() {
    let terms = |count: i64| (0..count).map(|it| field("n").gt(it));
    for count in [1, 2, 32, 33, 1_024, 1_025, 5_000] {
        let sql = said(&BARE, &Expr::call(Function::Or, terms(count)));
        let (mut depth, mut deepest) = (0, 0);
        // how many operators stand to the left of each other, summed over all parentheses around
        let mut beside = vec![0];
        for word in sql.replace('(', "( ").replace(')', " )").split_whitespace() {
            match word {
                "(" => beside.push(0),
                ")" => drop(beside.pop()),
                "OR" => *beside.last_mut().expect("is open") += 1,
                _ => {}
            }
            depth = depth.max(beside.iter().sum::<usize>());
            deepest = deepest.max(beside.len());
        }
        assert_eq!(sql.matches(" > ").count(), usize::try_from(count).expect("is small"));
        assert!(depth < 3 * 32 && deepest <= 6, "{count}: {depth}, {deepest}");
    }
    let too_many = Expr::call(Function::Or, terms(6_000));
    assert_eq!(said(&BARE, &too_many), "nothing");
    assert!(said(&GUARDED, &too_many).starts_with("ours("));
    let few = Expr::call(Function::And, [field("n").eq(3), too_many]);
    assert!(said(&GUARDED, &few).starts_with("(([n] = 3) AND ours("), "what fits stays");
}
