use super::*;
use crate::reader::Reader;

fn once(path: &str, mut config: Value) -> World {
    config["mode"] = json!("once");
    World::new(path, config)
}

#[test]
fn given_a_file_should_read_every_line_also_the_last_without_a_line_break() {
    let world = once("a.ndjson", json!({}));
    world.write("a.ndjson", "{\"n\":1}\r\n\n   \n{\"n\":2}\n{\"n\":3}");
    let mut source = world.started(None);
    let polled = poll(&mut source, 100);
    assert_eq!(polled.texts(), ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}"]);
    assert_eq!(polled.progress, Progress::Finished);
}

#[test]
fn given_a_restart_after_any_poll_should_go_on_without_loss_or_repeat() {
    let world = once("*.log", json!({"format": "lines"}));
    let lines = |name: &str| (0..50).map(|n| format!("{name} {n}\n")).collect::<String>();
    for name in ["a.log", "b.log", "c.log"] {
        world.write(name, &lines(name));
    }
    world.write("other.txt", "not meant\n");
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let mut source = world.started(cursor);
        let polled = poll(&mut source, 7);
        seen.extend(polled.texts().iter().map(|text| format!("{text}\n")));
        if polled.progress == Progress::Finished {
            break;
        }
        cursor = Some(polled.cursor);
    }
    assert_eq!(seen.concat(), lines("a.log") + &lines("b.log") + &lines("c.log"));
}

#[test]
fn given_a_finished_cursor_should_finish_again_and_read_only_later_names() {
    let world = once("*.log", json!({"format": "lines"}));
    world.write("b.log", "b\n");
    let cursor = {
        let mut source = world.started(None);
        assert_eq!(rest(&mut source), ["b"]);
        cursor(&mut source)
    };
    assert_eq!(poll(&mut world.started(Some(cursor.clone())), 1).progress, Progress::Finished);
    world.write("a.log", "a\n");
    world.write("c.log", "c\n");
    assert_eq!(rest(&mut world.started(Some(cursor))), ["c"]);
}

#[test]
fn given_no_file_should_be_unavailable_and_not_finished() {
    let world = once("a.log", json!({}));
    assert!(matches!(world.start(None).err(), Some(Error::Unavailable { .. })));
}

#[test]
fn given_a_record_that_is_too_long_should_skip_that_one_only() {
    let world = once("a.log", json!({"format": "lines", "max_record_bytes": 10}));
    // Longer than the reader's window, longer than the limit, just right, and too long at the end.
    let long = "x".repeat(600_000);
    world.write("a.log", &format!("one\n{long}\n12345678901\n1234567890\n{long}"));
    testing::reset();
    let mut source = world.started(None);
    assert_eq!(rest(&mut source), ["one", "1234567890"]);
    assert_eq!(testing::counter(SKIPPED), 3);
    let logs = testing::take_logs();
    let lines: Vec<&str> = logs.iter().map(|line| line.fields[1].1.as_str()).collect();
    assert_eq!(lines, ["2", "3", "5"]);
}

#[test]
fn given_a_restart_within_a_record_that_is_too_long_should_not_read_its_end() {
    let world = once("a.log", json!({"format": "lines", "max_record_bytes": 10}));
    world.write("a.log", &format!("{}\nend\n", "x".repeat(600_000)));
    let mut source = world.started(None);
    let mut position = cursor(&mut source);
    // As if the poll had ended in the middle of it.
    let half = Reader::open(&world.path("a.log"), 300_000, 0).unwrap().unwrap();
    position.files = vec![cursor::Position {
        name: "a.log".to_owned(),
        identity: None,
        offset: half.offset(),
        line: 0,
        skipping: true,
        head: half.head(),
        tail: half.tail(),
    }];
    assert_eq!(rest(&mut world.started(Some(position))), ["end"]);
}

#[test]
fn given_csv_should_make_objects_and_resume_with_the_header() {
    let csv = json!({"format": "csv", "csv": {"types": {"n": "integer"}}});
    let world = once("a.csv", csv);
    world.write("a.csv", "n,text\r\n1,a\r\n2,\"b\r\nb\"\r\n3,c\r\n");
    let mut source = world.started(None);
    let first = poll(&mut source, 1);
    assert_eq!(first.texts(), [r#"{"n":1,"text":"a"}"#]);
    let mut source = world.started(Some(first.cursor));
    assert_eq!(rest(&mut source), [r#"{"n":2,"text":"b\r\nb"}"#, r#"{"n":3,"text":"c"}"#]);
}

#[test]
fn given_csv_across_windows_should_read_every_row() {
    let world = once("a.csv", json!({"format": "csv"}));
    let filler = "y".repeat(900);
    let rows: String = (0..1_000).map(|n| format!("{n},\"{filler}\n{n}\"\n")).collect();
    world.write("a.csv", &format!("n,text\n{rows}"));
    let records = rest(&mut world.started(None));
    assert_eq!(records.len(), 1_000);
    for (n, record) in records.iter().enumerate() {
        let record: Value = serde_json::from_str(record).unwrap();
        assert_eq!(record["n"], n.to_string());
        assert_eq!(record["text"], format!("{filler}\n{n}"));
    }
}

#[test]
fn given_a_file_that_changed_should_read_it_again_and_say_so() {
    let world = once("a.log", json!({"format": "lines"}));
    world.write("a.log", "one\ntwo\n");
    let first = poll(&mut world.started(None), 1);
    world.write("a.log", "new\nfile\n");
    let _ = testing::take_logs();
    let mut source = world.started(Some(first.cursor));
    assert!(testing::take_logs()[0].message.contains("has changed"));
    assert_eq!(rest(&mut source), ["new", "file"]);
}

#[test]
fn given_raw_lines_should_be_text() {
    let world = once("a.log", json!({"format": "lines"}));
    world.write("a.log", "  padded \n");
    assert_eq!(rest(&mut world.started(None)), ["  padded "]);
}
