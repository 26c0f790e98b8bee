use super::*;

fn tail(path: &str) -> World {
    World::new(path, json!({"format": "lines"}))
}

const LONG_ENOUGH: Duration = Duration::from_secs(10);

#[test]
fn given_added_lines_should_read_them_once_they_are_whole() {
    let world = tail("a.log");
    let mut source = world.started(None);
    assert!(rest(&mut source).is_empty());
    world.append("a.log", "one\ntw");
    assert_eq!(rest(&mut source), ["one"]);
    world.append("a.log", "o\nthree");
    assert_eq!(rest(&mut source), ["two"]);
    world.append("a.log", "\n");
    assert_eq!(rest(&mut source), ["three"]);
}

#[test]
fn given_nothing_new_should_be_idle_with_the_same_cursor() {
    let world = tail("a.log");
    world.write("a.log", "one\n");
    let mut source = world.started(None);
    let first = poll(&mut source, 10);
    let second = poll(&mut source, 10);
    assert_eq!((first.progress, second.progress), (Progress::Idle, Progress::Idle));
    assert_eq!(first.cursor, second.cursor);
}

#[test]
fn given_a_restart_should_go_on_within_the_file() {
    let world = tail("a.log");
    world.write("a.log", "one\ntwo\nthr");
    let first = poll(&mut world.started(None), 1);
    world.append("a.log", "ee\n");
    assert_eq!(rest(&mut world.started(Some(first.cursor))), ["two", "three"]);
}

#[test]
fn given_a_rotation_while_running_should_read_both_files_whole() {
    let world = tail("a.log");
    world.write("a.log", "one\n");
    let mut source = world.started(None);
    assert_eq!(rest(&mut source), ["one"]);
    world.append("a.log", "two\n");
    world.rename("a.log", "a.log.1");
    world.write("a.log", "new one\n");
    // A writer that has not noticed yet.
    world.append("a.log.1", "three\n");
    let mut seen = rest(&mut source);
    seen.sort();
    assert_eq!(seen, ["new one", "three", "two"]);
    world.append("a.log.1", "late");
    assert!(rest(&mut source).is_empty());
    pass(LONG_ENOUGH);
    // Nothing will complete this line any more.
    assert_eq!(rest(&mut source), ["late"]);
    assert_eq!(cursor(&mut source).files.len(), 1);
}

#[test]
fn given_a_rotation_while_stopped_should_read_the_rest_of_the_old_file_too() {
    let world = tail("a.log");
    world.write("a.log", "one\ntwo\n");
    let first = poll(&mut world.started(None), 1);
    world.append("a.log", "three\n");
    world.rename("a.log", "a.log.1");
    // It begins as the old one did.
    world.write("a.log", "one\n");
    let mut seen = rest(&mut world.started(Some(first.cursor)));
    seen.sort();
    assert_eq!(seen, ["one", "three", "two"]);
}

#[test]
fn given_two_rotations_while_stopped_should_still_find_the_old_file() {
    let world = tail("a.log");
    world.write("a.log", "one\ntwo\n");
    let first = poll(&mut world.started(None), 1);
    world.rename("a.log", "a.log.2");
    world.write("a.log.1", "between\n");
    world.write("a.log", "new\n");
    let mut seen = rest(&mut world.started(Some(first.cursor)));
    seen.sort();
    // The one between was never seen under a name that is meant.
    assert_eq!(seen, ["new", "two"]);
}

#[test]
fn given_a_truncation_should_read_from_the_start_again() {
    let world = tail("a.log");
    world.write("a.log", "one\ntwo\n");
    let mut source = world.started(None);
    assert_eq!(rest(&mut source), ["one", "two"]);
    testing::reset();
    world.write("a.log", "new\n");
    assert_eq!(poll(&mut source, 10).progress, Progress::Idle);
    assert_eq!(rest(&mut source), ["new"]);
    assert_eq!(testing::counter(REPLACED), 1);
}

#[test]
fn given_a_truncation_and_more_text_than_before_should_notice_by_content() {
    let world = tail("a.log");
    world.write("a.log", "one\n");
    let mut source = world.started(None);
    assert_eq!(rest(&mut source), ["one"]);
    world.write("a.log", "a longer line\nanother\n");
    let mut seen = rest(&mut source);
    seen.extend(rest(&mut source));
    assert_eq!(seen, ["a longer line", "another"]);
}

#[test]
fn given_a_copy_and_a_truncation_should_read_the_rest_of_the_copy() {
    let world = tail("a.log");
    world.write("a.log", "one\n");
    let mut source = world.started(None);
    assert_eq!(rest(&mut source), ["one"]);
    world.append("a.log", "two\n");
    fs::copy(world.path("a.log"), world.path("a.log.1")).unwrap();
    world.write("a.log", "n\n");
    let mut seen = rest(&mut source);
    seen.extend(rest(&mut source));
    seen.sort();
    assert_eq!(seen, ["n", "two"]);
}

#[test]
fn given_a_truncation_while_stopped_should_read_the_new_text() {
    let world = tail("a.log");
    world.write("a.log", "one\ntwo\n");
    let first = poll(&mut world.started(None), 10);
    world.write("a.log", "new\n");
    let _ = testing::take_logs();
    let mut source = world.started(Some(first.cursor));
    assert!(testing::take_logs()[0].message.contains("is gone"));
    assert_eq!(rest(&mut source), ["new"]);
}

#[test]
fn given_a_pattern_should_follow_old_and_new_files_but_no_hidden_ones() {
    let world = tail("*.log");
    world.write("a.log", "a1\n");
    world.write(".b.log", "hidden\n");
    let mut source = world.started(None);
    assert_eq!(rest(&mut source), ["a1"]);
    world.write("c.log", "c1\n");
    world.append("a.log", "a2\n");
    let mut seen = rest(&mut source);
    seen.sort();
    assert_eq!(seen, ["a2", "c1"]);
    let mut source = world.started(Some(cursor(&mut source)));
    world.append("c.log", "c2\n");
    assert_eq!(rest(&mut source), ["c2"]);
}

#[test]
fn given_a_rename_within_the_pattern_should_not_read_the_file_again() {
    let world = tail("*.log");
    world.write("a.log", "one\n");
    let mut source = world.started(None);
    assert_eq!(rest(&mut source), ["one"]);
    world.rename("a.log", "b.log");
    world.append("b.log", "two\n");
    assert_eq!(rest(&mut source), ["two"]);
    assert_eq!(cursor(&mut source).files[0].name, "b.log");
}

#[test]
fn given_a_busy_file_should_not_starve_the_others() {
    let world = tail("*.log");
    world.write("a.log", &"busy\n".repeat(1_000));
    world.write("b.log", "quiet\n");
    let mut source = world.started(None);
    let seen: Vec<String> = (0..4)
        .flat_map(|_| poll(&mut source, 10).records)
        .map(|record| record.text().to_owned())
        .collect();
    assert!(seen.iter().any(|text| text == "quiet"));
}

#[test]
fn given_a_deleted_file_should_forget_it_in_time() {
    let world = tail("a.log");
    world.write("a.log", "one\n");
    let mut source = world.started(None);
    assert_eq!(rest(&mut source), ["one"]);
    fs::remove_file(world.path("a.log")).unwrap();
    assert!(rest(&mut source).is_empty());
    pass(LONG_ENOUGH);
    assert!(rest(&mut source).is_empty());
    assert!(cursor(&mut source).files.is_empty());
    world.write("a.log", "again\n");
    assert_eq!(rest(&mut source), ["again"]);
}

#[test]
fn given_start_at_the_end_should_read_only_what_is_added() {
    let mut world = tail("a.log");
    world.config["start"] = json!("end");
    world.write("a.log", "old\nhalf");
    let mut source = world.started(None);
    assert!(rest(&mut source).is_empty());
    world.append("a.log", " a line\nnew\n");
    assert_eq!(rest(&mut source), ["half a line", "new"]);
}

#[test]
fn given_many_files_should_refuse_rather_than_outgrow_the_cursor() {
    let world = tail("*.log");
    for number in 0..200 {
        world.write(&format!("a-rather-long-file-name-{number}.log"), "one\n");
    }
    let mut source = world.started(None);
    let cursor = poll(&mut source, 1_000).cursor;
    assert!(serde_json::to_vec(&cursor).unwrap().len() < 64 * 1024);
    world.write("b.log", "one too many\n");
    pass(Duration::from_secs(1));
    assert!(matches!(testing::poll(&mut source, 1).err(), Some(Error::InvalidConfig(_))));
}

#[test]
fn given_no_folder_should_say_so_instead_of_waiting_for_a_file() {
    for path in ["nowhere/a.log", "nowhere/*.log"] {
        let mut source = tail(path).started(None);
        let error = testing::poll(&mut source, 1).unwrap_err();
        assert!(matches!(&error, Error::Unavailable { detail, .. } if detail.contains("granted")));
    }
}

#[test]
fn given_a_poll_without_room_should_read_nothing_and_lose_nothing() {
    let world = tail("a.log");
    world.write("a.log", "one\n");
    let mut source = world.started(None);
    assert!(poll(&mut source, 0).records.is_empty());
    assert_eq!(rest(&mut source), ["one"]);
}
