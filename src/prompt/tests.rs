//! A1111's rules by example, and what holds for every text.

use proptest::prelude::*;

use super::*;

/// What a prompt says at a step (from 1) of a run of 10, second pass 10: weights behind braces, breaks as `/`.
fn said(source: &str, step: u32) -> String {
    let moment = Moment {
        step: step - 1,
        passes: [10, 10],
    };
    let parts = parse(source, Role::Prompt).at(moment);
    let shown = parts.iter().map(|part| {
        let fragments = part.fragments.iter().map(|fragment| match fragment {
            Fragment::Text { text, weight } if (weight - 1.0).abs() < 1e-9 => text.clone(),
            Fragment::Text { text, weight } => format!("{{{text}}}{weight:.4}"),
            Fragment::Break => "/".to_owned(),
        });
        let text: String = fragments.collect();
        match part.weight {
            1.0 => text,
            weight => format!("{text}@{weight}"),
        }
    });
    shown.collect::<Vec<_>>().join("&")
}

#[test]
fn brackets_should_weigh_as_in_a1111() {
    for (source, expected) in [
        ("", ""),
        ("a red boat", "a red boat"),
        ("a (b) c", "a {b}1.1000 c"),
        ("((b))", "{b}1.2100"),
        ("(b:1.5)", "{b}1.5000"),
        ("a ( b : 0.5 ) c", "a { b }0.5000 c"),
        ("(b:-1)", "{b}-1.0000"),
        ("(b:.5)", "{b}0.5000"),
        ("(b:0)", "{b}0.0000"),
        ("[b]", "{b}0.9091"),
        ("[[b]]", "{b}0.8264"),
        ("[(b)]", "b"),
        ("(a (b:2) c)", "{a }1.1000{b}2.2000{ c}1.1000"),
        // Every kind of bracket by itself, even where they cross.
        ("(a [b) c] d", "{a }1.1000b{ c}0.9091 d"),
        // What is not closed goes on to the end.
        ("a (b", "a {b}1.1000"),
        ("a ((b) c", "a {b}1.2100{ c}1.1000"),
        ("a [b", "a {b}0.9091"),
        (
            "a (((tower:1.3)) [by] a (sea:0.5), fog, (((sky))).",
            "a {tower}1.5730{ }1.1000by{ a }1.1000{sea}0.5500{, fog, }1.1000{sky}1.4641{.}1.1000",
        ),
        // Neighbours of one weight are one text.
        ("(on)(ly)", "{only}1.1000"),
        ("b)", "b)"),
        ("b:2)", "b:2)"),
        ("(a:b)", "{a:b}1.1000"),
        ("(a:1.2.3)", "{a:1.2.3}1.1000"),
        ("(a:2 3)", "{a:2 3}1.1000"),
        ("[a:b]", "{a:b}0.9091"),
        ("{a}", "{a}"),
        ("a | b", "a | b"),
    ] {
        assert_eq!(said(source, 1), expected, "{source}");
    }
}

#[test]
fn a_backslash_should_make_the_next_sign_literal() {
    for (source, expected) in [
        (r"a fox \(red\)", "a fox (red)"),
        (r"\[a\:b\:5\]", "[a:b:5]"),
        (r"\\(a)", r"\{a}1.1000"),
        (r"(a\))", "{a)}1.1000"),
        (r"(\(a:1.5)", "{(a}1.5000"),
        (r"\AND \BREAK \#1 \<lora:x:1> \{a\|b\}", "AND BREAK #1 <lora:x:1> {a|b}"),
        (r"\日本", "日本"),
        (r"end \", "end "),
    ] {
        assert_eq!(said(source, 1), expected, "{source}");
    }
}

#[test]
fn schedules_should_go_over_after_their_step() {
    for (source, step, expected) in [
        ("[a:b:0.5]", 5, "a"),
        ("[a:b:0.5]", 6, "b"),
        ("[a:b:.25]", 2, "a"),
        ("[a:b:.25]", 3, "b"),
        ("[a:b:3]", 3, "a"),
        ("[a:b:3]", 4, "b"),
        ("[a:b: 3 ]", 4, "b"),
        ("[a:b:0]", 1, "b"),
        ("[a:b:-2]", 1, "b"),
        ("[a:b:1]", 1, "a"),
        ("[a:b:1]", 2, "b"),
        ("[a:b:1.0]", 10, "a"),
        ("[a:b:99]", 10, "a"),
        ("x [a:3] y", 3, "x  y"),
        ("x [a:3] y", 4, "x a y"),
        ("[a::3]", 3, "a"),
        ("[a::3]", 4, ""),
        ("[:b:3]", 3, ""),
        ("[:b:3]", 4, "b"),
        ("[[[b]]:2]", 2, ""),
        ("[[[b]]:2]", 3, "{b}0.8264"),
        ("[(a:2):3]", 4, "{a}2.0000"),
        ("([a:b:0.5])", 6, "{b}1.1000"),
        ("(x:[1.2:1.4:5])", 5, "{x}1.2000"),
        ("(x:[1.2:1.4:5])", 6, "{x}1.4000"),
        ("a[b:[c:d:2]:1]e", 1, "abe"),
        ("a[b:[c:d:2]:1]e", 2, "ace"),
        ("a[b:[c:d:2]:1]e", 3, "ade"),
        // What is no schedule is an emphasis or stands for itself.
        ("[a:b:c:3]", 1, "{a:b:c:3}0.9091"),
        ("a [b", 9, "a {b}0.9091"),
        ("[a:b:5:]", 9, "{a:b:5:}0.9091"),
    ] {
        assert_eq!(said(source, step), expected, "{source} at {step}");
    }
}

#[test]
fn schedules_should_be_found_among_brackets_that_are_not_balanced() {
    assert_eq!(said("((a][:b:c [d:3]", 3), "{a]}1.2100{:b:c }1.1000");
    assert_eq!(said("([a:b:3]", 4), "{b}1.1000");
    assert_eq!(said(") [a:b:3] ]", 4), ") b ]");
}

#[test]
fn parts_should_be_shown_in_turn() {
    for (source, step, expected) in [
        ("[a|b|c]", 1, "a"),
        ("[a|b|c]", 2, "b"),
        ("[a|b|c]", 6, "c"),
        ("[a|b|c]", 10, "a"),
        ("[a|(b:1.2)]", 2, "{b}1.2000"),
        ("[fe|]male", 1, "female"),
        ("[fe|]male", 2, "male"),
        ("[fe|||]male", 5, "female"),
        ("[fe|||]male", 4, "male"),
        ("[(a:1.3):[c|d]:0.2]", 2, "{a}1.3000"),
        ("[(a:1.3):[c|d]:0.2]", 4, "d"),
        ("[a|[b:c:4]]", 4, "b"),
        ("[a|[b:c:4]]", 6, "c"),
    ] {
        assert_eq!(said(source, step), expected, "{source} at {step}");
    }
}

#[test]
fn a_second_pass_should_count_steps_on_and_parts_from_one() {
    for (source, step, expected) in [
        ("[a:b:0.5]", 11, "b"),
        ("[a:b:1.5]", 10, "a"),
        ("[a:b:1.5]", 15, "a"),
        ("[a:b:1.5]", 16, "b"),
        ("[a:b:13]", 13, "a"),
        ("[a:b:13]", 14, "b"),
        ("[a|b|c]", 11, "a"),
    ] {
        assert_eq!(said(source, step), expected, "{source} at {step}");
    }
}

#[test]
fn words_of_command_should_be_told_from_words() {
    for (source, expected) in [
        ("a BREAK b", "a/b"),
        ("a\n BREAK (b)", "a/{b}1.1000"),
        ("(a BREAK b:2)", "{a}2.0000/{b}2.0000"),
        ("BREAK a BREAK BREAK", "/a//"),
        ("aBREAK BREAKS break BREAK_", "aBREAK BREAKS break BREAK_"),
        ("a AND b:0.5 AND c", "a&b@0.5&c"),
        ("a :1.2 AND b : -0.25 ", "a@1.2&b@-0.25"),
        ("a AND b:0.5 <lora:x:1> # c", "a&b@0.5"),
        ("(a AND b:2)", "{a}1.1000&b:2)"),
        ("[a AND b]", "{a}0.9091&b]"),
        ("SAND and ANDY", "SAND and ANDY"),
        ("a <lora:x:0.5:1> b", "a  b"),
        ("a <lora:x(1):1>", "a "),
        ("a <hypernet:x:1>", "a "),
        ("a <3 b> <lora <lora:> <:x>", "a <3 b> <lora <lora:> <:x>"),
        ("a # (b\nc", "a \nc"),
        ("# all of it", ""),
    ] {
        assert_eq!(said(source, 1), expected, "{source}");
    }
    let negative = parse("a AND b", Role::Negative).at(Moment {
        step: 0,
        passes: [1, 0],
    });
    assert_eq!(negative.len(), 1, "AND is a word of a negative prompt");
}

#[test]
fn the_steps_of_a_change_should_be_known() {
    for (source, expected) in [
        ("(a:2) [b]", vec![0]),
        ("[a:b:0.5]", vec![0, 5, 10]),
        ("[a:b:13] [c:2]", vec![0, 2, 10, 13]),
        ("[a:b:1.5]", vec![0, 10, 15]),
        ("[a:b:40] [c:0]", vec![0, 10]),
    ] {
        assert_eq!(parse(source, Role::Prompt).switches([10, 10]), expected, "{source}");
    }
    assert_eq!(parse("[a|b]", Role::Prompt).switches([3, 0]), [0, 1, 2]);
}

#[test]
fn two_million_brackets_should_cost_one_token_each_and_no_stack() {
    for unit in [
        "(", "[", "{", ")", "([", "(a:2)", "[a:b:3]", "[a|b]", "([)]", "<lora:", "<a:b>", "\\(", "AND (", "__",
        "__a__ ", "(((a",
    ] {
        let source = unit.repeat(2_000_000 / unit.len());
        let parsed = parse(&source, Role::Prompt);
        assert!(parsed.tokens.len() <= source.len(), "{unit}");
        for part in parsed.at(Moment {
            step: 0,
            passes: [10, 0],
        }) {
            assert!(part.fragments.len() <= source.len(), "{unit}");
        }
    }
}

/// Texts in which every sign and word of command stands beside every other.
fn texts() -> impl Strategy<Value = String> {
    r"([()\[\]{}:|\\#<>_, ab日\n]|BREAK|AND| |0\.5|:1\.2\)|3|lora:|__a__){0,40}"
}

proptest! {
    #[test]
    fn tokens_should_tile_every_text(source in texts(), step in 0_u32..24) {
        let parsed = parse(&source, Role::Prompt);
        let mut at = 0;
        for token in &parsed.tokens {
            prop_assert_eq!(token.span.start, at);
            prop_assert!(token.span.end > at && source.is_char_boundary(token.span.end));
            at = token.span.end;
        }
        prop_assert_eq!(at, source.len());
        for group in &parsed.groups {
            prop_assert!(group.open < group.close);
            prop_assert!(group.parts().all(|part| part.start <= part.end));
        }
        for part in parsed.at(Moment { step, passes: [10, 10] }) {
            prop_assert!(part.weight.is_finite());
            for fragment in part.fragments {
                if let Fragment::Text { text, weight } = fragment {
                    prop_assert!(weight.is_finite() && !text.is_empty());
                }
            }
        }
    }

    #[test]
    fn what_is_printed_should_be_read_as_the_same(source in texts(), step in 0_u32..24) {
        let moment = Moment { step, passes: [10, 10] };
        let parts = parse(&source, Role::Prompt).at(moment);
        let printed = print(&parts);
        let again = parse(&printed, Role::Prompt).at(moment);
        prop_assert_eq!(again, parts, "{} was printed as {}", source, printed);
    }

    #[test]
    fn nothing_should_change_between_two_switches(source in texts()) {
        let parsed = parse(&source, Role::Prompt);
        let switches = parsed.switches([10, 10]);
        let at = |step| parsed.at(Moment { step, passes: [10, 10] });
        for step in (1..20).filter(|step| !switches.contains(step)) {
            prop_assert_eq!(at(step), at(step - 1), "{} at {}", source, step);
        }
    }

    #[test]
    fn text_without_signs_should_stay_as_it_is(source in r"[a-z0-9 ,.'!?\-日本]{0,60}") {
        let parts = parse(&source, Role::Prompt).at(Moment { step: 0, passes: [10, 0] });
        let said: String = parts.into_iter().flat_map(|part| part.fragments).map(|fragment| match fragment {
            Fragment::Text { text, .. } => text,
            Fragment::Break => "BREAK".to_owned(),
        }).collect();
        prop_assert_eq!(said, source);
    }
}
