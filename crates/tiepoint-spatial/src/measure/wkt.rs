//! The nodes of a CRS definition in WKT, as a flat list.

/// One `KEYWORD[argument, …]`, in the order of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) keyword: &'a str,
    /// The keyword of the node around it.
    pub(super) parent: &'a str,
    /// How many nodes are around it.
    pub(super) depth: usize,
    arguments: &'a str,
}

impl<'a> Node<'a> {
    /// The argument at `index`, quotes included; empty where there is none.
    pub(super) fn argument(&self, index: usize) -> &'a str {
        let mut quoted = false;
        let mut arguments = self.arguments.split(|c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        });
        arguments.nth(index).unwrap_or_default().trim()
    }

    pub(super) fn number(&self, index: usize) -> Option<f64> {
        self.argument(index).parse().ok().filter(|number: &f64| number.is_finite())
    }

    pub(super) fn is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.keyword.eq_ignore_ascii_case(name))
    }
}

/// Every node of `wkt`. Text that is not WKT gives fewer nodes, or none.
///
/// One pass; arguments are read as far as the first node among them, which holds every argument
/// that we ask for.
pub(super) fn nodes(wkt: &str) -> Vec<Node<'_>> {
    let mut nodes: Vec<Node<'_>> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let (mut word_at, mut quoted) = (0, false);
    for (at, byte) in wkt.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'(' => {
                let parent = open.last().map_or("", |parent| nodes[*parent].keyword);
                let keyword = wkt[word_at..at].trim();
                open.push(nodes.len());
                let (depth, arguments) = (open.len() - 1, until_bracket(&wkt[at + 1..]));
                nodes.push(Node { keyword, parent, depth, arguments });
                word_at = at + 1;
            }
            b']' | b')' => drop(open.pop()),
            b',' => word_at = at + 1,
            _ => {}
        }
    }
    nodes
}

fn until_bracket(text: &str) -> &str {
    let mut quoted = false;
    let end = text.bytes().position(|byte| {
        quoted ^= byte == b'"';
        !quoted && matches!(byte, b'[' | b']' | b'(' | b')')
    });
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_commas_in_names_are_part_of_the_name() {
        let wkt = r#"GEOGCS["a [b], c",DATUM["d",SPHEROID["e",1,2]],UNIT["degree",0.1]]"#;
        let nodes = nodes(wkt);
        let found: Vec<_> = nodes.iter().map(|it| (it.keyword, it.parent, it.depth)).collect();
        let expected = [
            ("GEOGCS", "", 0),
            ("DATUM", "GEOGCS", 1),
            ("SPHEROID", "DATUM", 2),
            ("UNIT", "GEOGCS", 1),
        ];
        assert_eq!(found, expected);
        assert_eq!((nodes[0].argument(0), nodes[2].number(2)), ("\"a [b], c\"", Some(2.0)));
    }

    #[test]
    fn text_that_is_no_wkt_gives_what_it_can() {
        for text in ["", "]]]", "[[[", "A[\"", "\u{e9}[\u{e9},\u{e9}]", "A[1,2"] {
            assert!(nodes(text).len() <= 3, "{text}");
        }
    }
}
