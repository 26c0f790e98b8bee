//! One host with all attackers and the neighbour: started, provoked one after the other, watched and judged.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use end_to_end::installation::{code_cache, components, kennel};
use end_to_end::process::Process;
use end_to_end::wait::pause;
use end_to_end::{Broker, Target, World, message};

use crate::attack::{Attack, Begins, Expected, Guest};
use crate::ground::{CANARY, Ground};
use crate::log::{Line, Log};
use crate::neighbour::{self, Neighbour};
use crate::report::{Report, Seen, Verdict};

/// Messages by which an attack is provoked; some need more than one to lie about.
const PROVOCATION: u64 = 4;
/// Messages before a measured period.
const PRIMING: u64 = 500;
/// Quiet attacks that are tried at the same time.
const TOGETHER: usize = 6;
/// What one attack may add to the host's log. Bytes.
const LOG_GROWTH: u64 = 1 << 20;
/// What the guest says of its attempts.
const ATTEMPTS: &str = "attack report: reached ";

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Measure the neighbour alone before each attack, with so many messages.
    pub measured: Option<u64>,
    /// Print each step on standard error.
    pub told: bool,
}

/// A running host.
pub struct Trial {
    attacks: Vec<(Attack, Target)>,
    broker: Broker,
    world: World,
    ground: Ground,
    neighbour: Neighbour,
    host: Process,
    log: Log,
    began: Instant,
    seen: BTreeMap<&'static str, Seen>,
    provoked: BTreeMap<&'static str, Instant>,
    report: Report,
    options: Options,
}

impl Trial {
    /// Starts the host with all of them and the neighbour.
    pub fn start(attacks: Vec<Attack>, options: Options) -> Self {
        let broker = Broker::embedded();
        let world = broker.world();
        let ground = Ground::new(&world);
        let neighbour = Neighbour::new(&world, &broker.client);
        let attacks: Vec<_> = attacks
            .into_iter()
            .map(|attack| {
                let target = Target::unique(attack.name);
                if let Guest::Forged(forgery) = &attack.guest {
                    fs::write(world.config().join(attack.component()), forgery.build()).unwrap();
                }
                world
                    .connector(attack.name, attack.connector(&target, |line| ground.resolve(line)));
                (attack, target)
            })
            .collect();
        let budget = "memory_budget = \"4GiB\"";
        world.file("kennel.toml", &format!(
            "[iggy]\n{}\n[components]\nsearch = [{:?}]\ncache = {:?}\n\n[state]\npath = {:?}\n\n\
             [logging]\nlevel = \"info\"\nformat = \"json\"\n\n[runtime]\n{budget}\n",
            broker.client.access().config(), components(), code_cache(), world.path("state"),
        ));
        let mut command = kennel();
        command.args(["run", "--json", "--config"]).arg(world.config()).env("CANARY", CANARY);
        let began = Instant::now();
        let host = Process::start(command, world.path("host"));
        let log = Log::new(world.path("host.log"));
        let mut trial = Self {
            attacks,
            broker,
            world,
            ground,
            neighbour,
            host,
            log,
            began,
            options,
            seen: BTreeMap::new(),
            provoked: BTreeMap::new(),
            report: Report::default(),
        };
        trial.warm_up();
        trial
    }

    fn warm_up(&mut self) {
        let work = self.options.measured.unwrap_or(1_000);
        let is_assigned = |name: &str| {
            let connector = format!("\"connector\":\"{name}\"");
            let log = fs::read_to_string(self.world.path("host.log")).unwrap_or_default();
            log.lines().any(|line| line.contains(&connector) && line.contains("assigned"))
        };
        self.host.until("the neighbour has its partition", || is_assigned(neighbour::KEY));
        let lanes = self.attacks.iter().filter(|(attack, _)| attack.begins == Begins::WithMessage);
        for (attack, _) in lanes {
            let what = format!("{} has its partition", attack.name);
            self.host.until(&what, || is_assigned(attack.name));
        }
        self.neighbour.work(&self.broker.client, work);
        self.neighbour.work(&self.broker.client, work);
    }

    /// Provokes all attacks, and judges each.
    pub fn run(mut self) -> Report {
        self.step(self.of(Begins::WithHost, false), false);
        let mut quiet = self.of(Begins::WithMessage, false);
        let mut steps: Vec<Vec<usize>> = Vec::new();
        while !quiet.is_empty() {
            let rest = quiet.split_off(quiet.len().min(TOGETHER));
            steps.push(quiet);
            quiet = rest;
        }
        steps.extend(self.of(Begins::WithMessage, true).into_iter().map(|index| vec![index]));
        for step in steps {
            self.step(step, true);
        }
        self.finish()
    }

    /// Measures the neighbour again and again, with all attacks provoked each time or none.
    pub fn measure(mut self, periods: usize, provoked: bool) -> Report {
        let work = self.options.measured.unwrap_or(1_000);
        for _ in 0..periods {
            self.prime();
            if provoked {
                self.attacks.iter().for_each(|(attack, target)| self.send_to(attack, target));
            }
            let took = self.neighbour.work(&self.broker.client, work);
            let times = if provoked { &mut self.report.beside } else { &mut self.report.alone };
            times.push(took);
            self.neighbour.collect();
            self.look();
        }
        for (attack, _) in &self.attacks {
            let seen = self.seen.entry(attack.name).or_default();
            seen.damage = self.ground.damage();
            seen.after.get_or_insert(Duration::ZERO);
            self.report.verdicts.push(Verdict::of(attack, seen, None));
        }
        self.finish()
    }

    fn of(&self, begins: Begins, alone: bool) -> Vec<usize> {
        let those = |(_, (attack, _)): &(usize, &(Attack, Target))| {
            attack.begins == begins && (attack.is_alone() == alone || begins == Begins::WithHost)
        };
        self.attacks.iter().enumerate().filter(those).map(|(index, _)| index).collect()
    }

    fn step(&mut self, indices: Vec<usize>, measured: bool) {
        let measured = self.options.measured.filter(|_| measured);
        let alone = measured.map(|work| {
            self.prime();
            self.neighbour.work(&self.broker.client, work)
        });
        let log_before = self.log.bytes();
        if measured.is_some() {
            self.prime();
        }
        for index in &indices {
            self.provoke(*index);
        }
        let work = measured.unwrap_or(1_000);
        let beside = self.neighbour.work(&self.broker.client, work);
        self.wait_for(&indices);
        self.neighbour.collect();
        let ratio = alone.map(|alone| {
            self.report.alone.push(alone);
            self.report.beside.push(beside);
            alone.as_secs_f64() / beside.as_secs_f64()
        });
        let mut damage = self.ground.damage();
        let growth = self.log.bytes() - log_before;
        if growth > LOG_GROWTH * indices.len() as u64 {
            damage.push(format!("the log grew by {} KiB", growth >> 10));
        }
        for index in indices {
            let attack = &self.attacks[index].0;
            let seen = self.seen.entry(attack.name).or_default();
            seen.damage.clone_from(&damage);
            let verdict = Verdict::of(attack, seen, ratio);
            if self.options.told {
                let mark = if verdict.contained { "contained" } else { "NOT CONTAINED" };
                eprintln!("{:<28} {mark} after {:.2} s", verdict.name, verdict.after.as_secs_f64());
            }
            self.report.verdicts.push(verdict);
        }
    }

    /// A connector that had nothing to do takes a moment to notice that it has: not part of what is measured.
    fn prime(&mut self) {
        self.neighbour.work(&self.broker.client, PRIMING);
    }

    fn provoke(&mut self, index: usize) {
        let (attack, target) = &self.attacks[index];
        let since = match attack.begins {
            Begins::WithHost => self.began,
            Begins::WithMessage => {
                self.send_to(attack, target);
                Instant::now()
            }
        };
        self.provoked.insert(attack.name, since);
    }

    fn send_to(&self, attack: &Attack, target: &Target) {
        if attack.kind() != "source" {
            let payload = |number| message(format!("{{\"sequence\":{number}}}"));
            self.broker.client.send(target, 0, (0..PROVOCATION).map(payload).collect());
        }
    }

    /// Returns when all have shown what they are expected to, or their time is over.
    fn wait_for(&mut self, indices: &[usize]) {
        let attacks: Vec<Attack> =
            indices.iter().map(|index| self.attacks[*index].0.clone()).collect();
        let patience = attacks.iter().map(|attack| attack.within).max().unwrap_or_default();
        let deadline = Instant::now() + patience;
        loop {
            self.look();
            let is_settled = |attack: &Attack| {
                let seen = self.seen.get(attack.name);
                match attack.expected {
                    Expected::Harmless | Expected::Anything => true,
                    // An outage is waited out; everything else ends the connector.
                    Expected::Fault("call_timeout", _) => {
                        seen.is_some_and(|seen| seen.after.is_some())
                    }
                    _ => seen.is_some_and(|seen| seen.failed),
                }
            };
            if attacks.iter().all(is_settled) || Instant::now() >= deadline {
                return;
            }
            pause();
        }
    }

    fn look(&mut self) {
        for Line { connector, level, message } in self.log.look() {
            let found = self.attacks.iter().find(|(attack, _)| attack.name == connector);
            let Some((attack, _)) = found else { continue };
            if !["WARN", "ERROR"].contains(&level.as_str()) {
                continue;
            }
            let seen = self.seen.entry(attack.name).or_default();
            seen.failed |= level == "ERROR";
            let since = self.provoked.get(attack.name).copied().unwrap_or(self.began).elapsed();
            let attempts = attempts(&message);
            seen.said |= attack.says.is_some_and(|words| message.contains(words));
            seen.attempts = attempts.or(seen.attempts);
            let shown = match attack.expected {
                Expected::Fault(_, words) | Expected::Bounded(_, words) => message.contains(words),
                Expected::Denied | Expected::Reached => attempts.is_some(),
                Expected::Harmless | Expected::Anything => true,
            };
            if shown {
                seen.after.get_or_insert(since);
            }
            seen.words = message;
        }
    }

    fn finish(mut self) -> Report {
        self.report.peak = peak(self.host.id());
        let ended = self.host.terminate();
        if ended.log.contains(CANARY) || ended.output.contains(CANARY) {
            self.report.problems.push("the canary is in what the host wrote".to_owned());
        }
        if ended.log.contains("panicked at host/") {
            self.report.problems.push("the host itself panicked".to_owned());
        }
        let all_well = |code: Option<i32>| matches!(code, Some(0 | 1));
        if !all_well(ended.code) {
            self.report.problems.push(format!("the host ended with {:?}", ended.code));
        } else {
            let neighbour = ended.connector(neighbour::KEY);
            if neighbour["state"] != "stopped" || neighbour["faults"] != 0 {
                self.report.problems.push(format!("the neighbour ended as {neighbour}"));
            }
            for (attack, _) in self.attacks.iter().filter(|it| it.0.expected == Expected::Harmless)
            {
                let connector = ended.connector(attack.name);
                if connector["state"] == "failed" {
                    self.report.problems.push(format!("{} ended as {connector}", attack.name));
                }
            }
        }
        self.report.neighbour_missing = self.neighbour.missing();
        self.report
    }
}

/// What the guest says that it reached and was denied.
fn attempts(message: &str) -> Option<(u64, u64)> {
    let (_, rest) = message.split_once(ATTEMPTS)?;
    let (reached, rest) = rest.split_once(", denied ")?;
    let denied: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((reached.parse().ok()?, denied.parse().ok()?))
}

/// The most memory that a process has had resident. Bytes.
pub(crate) fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_guests_words_should_find_what_it_reached_and_was_denied() {
        let words =
            "failed: hostile: invalid configuration: attack report: reached 1, denied 12: a; b";
        assert_eq!(attempts(words), Some((1, 12)));
        assert_eq!(attempts("failed: something else"), None);
    }
}
