//! The world as its clients see it: bus, conditions, and real clients of every provider.

mod bus;
mod condition;
mod cross_check;
mod door;
mod faults;
mod provider;
mod scene;
mod secret_tool;
mod stage;
mod wire;

fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    let trials = [
        bus::trials(),
        door::trials(),
        faults::trials(),
        wire::trials(),
        condition::trials(),
        provider::trials(),
        secret_tool::trials(),
        cross_check::trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit();
}
