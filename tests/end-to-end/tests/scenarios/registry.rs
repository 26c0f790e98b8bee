//! Components of a registry: pushed, pinned, signed, bounded by the policy, and refused when they changed.

use std::fs;
use std::path::{Path, PathBuf};

use kennel_test_backends::Registry;

use crate::support::destination::Account;
use crate::support::installation::{component, kennel};
use crate::support::world::text;
use crate::support::{Broker, Connector, Ended, Process, Target, World};

const COUNT: u64 = 2_000;

/// None, said aloud: there is no registry and none can be installed.
fn registry() -> Option<Registry> {
    Registry::start().inspect_err(|error| eprintln!("skipped: {error}")).ok()
}

/// A host with a component cache of its own.
struct Host {
    world: World,
    iggy: String,
    runs: std::cell::Cell<u32>,
}

impl Host {
    fn new(broker: &Broker) -> Self {
        let iggy = broker.client.access().config();
        let host = Self { world: broker.world(), iggy, runs: std::cell::Cell::new(0) };
        host.policy("");
        host
    }

    /// Writes kennel.toml with this `[policy]`.
    fn policy(&self, policy: &str) {
        let (cache, state) = (self.cache(), self.world.path("state"));
        let text = format!(
            "[iggy]\n{}\n[components]\ncache = {cache:?}\n[state]\npath = {state:?}\n\n{policy}",
            self.iggy
        );
        self.world.file("kennel.toml", &text);
    }

    fn cache(&self) -> PathBuf {
        self.world.path("cache")
    }

    /// Runs a command that knows of no connector.
    fn kennel(&self, arguments: &[&str]) -> Ended {
        let mut program = kennel();
        program.args(arguments).args(["--json", "--config"]).arg(self.world.config());
        program.env("HOME", self.world.config());
        self.runs.set(self.runs.get() + 1);
        let name = self.world.path(&format!("command-{}", self.runs.get()));
        Process::start(program, name).wait()
    }

    /// A component that may be signed and changed, apart from all other tests.
    fn copy(&self, name: &str) -> PathBuf {
        let copy = self.world.config().join(name);
        fs::copy(component(name), &copy).unwrap();
        copy
    }

    /// Numbers to a topic, and from there to files by the sink that `component` names.
    fn connectors(&self, target: &Target, component: &str, out: &Path) {
        self.copy("random_source.wasm");
        self.world.connector("numbers", Connector::numbers(target, COUNT).create(1));
        let sink = Connector::sink(component, target)
            .create(1)
            .config("folder = \"/out\"")
            .folder(out, "/out", "rw")
            .flush("age = \"50ms\"");
        self.world.connector("files", sink);
    }
}

fn changed(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn given_a_component_of_a_registry_should_run_pinned_and_never_changed() {
    let Some(server) = registry() else { return };
    let broker = Broker::start();
    let host = Host::new(&broker);
    let target = Target::unique("numbers");
    let out = host.world.folder("out");
    let file = component("file_sink.wasm");
    let tagged = format!("oci://{}/acme/file-sink:1.0.0", server.address());

    let pushed = host.kennel(&["push", text(&file), &tagged]).with_code(0).json();
    let pinned = pushed["reference"].as_str().unwrap().to_owned();
    assert!(pinned.starts_with(&format!("{tagged}@sha256:")), "{pushed}");
    assert_eq!(pushed["kind"], "sink");

    // A tag alone may become other code; the line that pins it is said.
    host.connectors(&target, &tagged, &out);
    let refused = host.world.command("check", &[]).with_code(2);
    assert!(refused.log.contains(&format!("component = \"{pinned}\"")), "{}", refused.log);

    host.connectors(&target, &pinned, &out);
    host.world.command("check", &[]).with_code(0);
    host.world.run_once().with_code(0);
    Account::of(&out, COUNT).assert_exact();

    let copy = host.world.path("copy.wasm");
    let pulled = host.kennel(&["pull", &tagged, "--output", text(&copy)]).with_code(0).json();
    assert_eq!(
        (&pulled["reference"], &pulled["digest"]),
        (&pushed["reference"], &pushed["digest"])
    );
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&file).unwrap());

    // Changed in the cache: pulled again. Changed in the registry as well: refused.
    let hex = pulled["digest"].as_str().unwrap().trim_start_matches("sha256:");
    let blob = host.cache().join("oci/blobs/sha256").join(hex);
    changed(&blob);
    let checked = host.world.command("check", &[]).with_code(0);
    assert_eq!(fs::read(&blob).unwrap(), fs::read(&file).unwrap(), "{}", checked.log);
    changed(&blob);
    changed(&server.blob(hex));
    let refused = host.world.command("check", &[]).with_code(3);
    assert!(refused.log.contains("was asked for; it is not used"), "{}", refused.log);
}

#[test]
fn given_a_policy_with_signers_should_run_only_what_they_signed() {
    let Some(server) = registry() else { return };
    let broker = Broker::start();
    let host = Host::new(&broker);
    let target = Target::unique("numbers");
    let out = host.world.folder("out");
    let tagged = format!("oci://{}/acme/file-sink:1.0.0", server.address());
    let file = component("file_sink.wasm");
    let pushed = host.kennel(&["push", text(&file), &tagged]).with_code(0).json();
    let pinned = pushed["reference"].as_str().unwrap();
    host.connectors(&target, pinned, &out);
    let source = host.world.config().join("random_source.wasm");
    let key = |name: &str| text(&host.world.path(name)).to_owned();
    for name in ["acme", "other"] {
        host.kennel(&["sign", "--generate-key", &key(name)]).with_code(0);
    }
    let policy = |registries: &str| {
        format!(
            "[policy]\ntopics = [\"*/*\"]\nmemory = \"4GiB\"\ncomponents = [{:?}]\n\
             files = [{{ path = {out:?}, mode = \"rw\" }}]\nregistries = [\"{registries}\"]\n\
             signers = [{:?}]\n",
            host.world.config(),
            key("acme.pub")
        )
    };
    let check = |code: i32, words: &str| {
        let ended = host.world.command("check", &[]).with_code(code);
        assert!(ended.log.contains(words), "`{words}` is not in:\n{}", ended.log);
    };

    host.policy(&policy("registry.example.com/*"));
    check(2, "[policy] in kennel.toml permits it with `registries = [");
    host.kennel(&["pull", &tagged]).with_code(3);
    host.policy(&policy(&format!("{}/acme/*", server.address())));

    check(3, "is not signed");
    for (name, code, words) in [("other", 3, "does not fit"), ("acme", 0, "")] {
        let key = key(&format!("{name}.key"));
        host.kennel(&["sign", text(&source), "--key", &key]).with_code(0);
        host.kennel(&["sign", &tagged, "--key", &key]).with_code(0);
        check(code, words);
    }
    host.world.run_once().with_code(0);
    Account::of(&out, COUNT).assert_exact();

    for place in [text(&source), &tagged] {
        let verified = host.kennel(&["verify", place, "--key", &key("acme.pub")]);
        let verified = verified.with_code(0).json();
        assert_eq!(verified["signer"]["name"], key("acme.pub").as_str());
        host.kennel(&["verify", place]).with_code(0);
        let both = ["verify", place, "--key", &key("x.pub"), "--key", &key("acme.pub")];
        host.kennel(&both).with_code(2);
    }
    let inspect = |name: &str, code: i32| {
        let mut inspect = kennel();
        inspect.args(["inspect", text(&source), "--json", "--key", &key(name)]);
        Process::start(inspect, host.world.path(&format!("inspect-{name}"))).wait().with_code(code)
    };
    let signer = inspect("acme.pub", 0).json()["signer"].as_str().unwrap().to_owned();
    assert!(signer.contains(&key("acme.pub")), "{signer}");
    inspect("other.pub", 3);
    let only_other = host.kennel(&["verify", text(&source), "--key", &key("other.pub")]);
    assert!(only_other.with_code(3).log.contains("is not signed by"));

    // The same file, one bit later.
    changed(&source);
    check(3, "does not fit");
    assert!(!fs::read_to_string(host.world.path("acme.key")).unwrap().is_empty());
    host.kennel(&["sign", "--generate-key", &key("acme")]).with_code(2);
}
