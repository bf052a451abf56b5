//! The world as its clients see it: bus, conditions, and real clients of the scripted provider.

mod bus;
mod condition;
mod provider;
mod secret_tool;
mod stage;
mod wire;

fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    let trials =
        [bus::trials(), wire::trials(), condition::trials(), provider::trials(), secret_tool::trials()];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit();
}
