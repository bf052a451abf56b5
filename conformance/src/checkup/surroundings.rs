//! What the observers saw while the adapter was examined.

use super::{Point, examination::Examination, interview::HELLO_MEMBER};
use crate::{
    observation::{Evidence, Fact, Observer, SightingPlace, SystemCall, SystemCallKind},
    report::summary,
};

impl Examination {
    /// Looks for what was refused, and for secrets where they do not belong.
    ///
    /// While a store is open, nobody outside can tell the adapter from its library, and the library is judged by a run,
    /// not here. So what either may have done leaves a point open, with what was seen; only what the library cannot have
    /// done breaks it.
    pub(super) fn look_around(&mut self) {
        let evidence = self.stage.log().entries();
        for evidence in evidence.iter().filter(|evidence| evidence.session.is_some()) {
            match &evidence.fact {
                Fact::SystemCall(call) if call.refused.is_some() => self.take_refusal(evidence, call),
                Fact::CanarySeen { place, .. } => self.take_sighting(evidence, place),
                _other => {}
            }
        }
        let blind = self.stage.blind();
        for (point, observers) in [
            (Point::Territory, &[Observer::SystemCalls][..]),
            (Point::Network, &[Observer::SystemCalls]),
            (Point::Secrets, &[Observer::Processes, Observer::Output]),
        ] {
            match observers.iter().find_map(|observer| blind.get(observer)) {
                Some(reason) => self.skip(point, reason.clone()),
                None => self.keep_unless_open(point),
            }
        }
    }

    fn take_refusal(&mut self, evidence: &Evidence, call: &SystemCall) {
        let point = match (&call.call, &call.address) {
            // Runtimes try these and go on without them; nothing is changed by it.
            (SystemCallKind::Forbidden, _) => return,
            (SystemCallKind::Connect, Some(address)) if is_of_the_machine(address) => return,
            (SystemCallKind::Connect, Some(address)) if !address.starts_with("unix:") => Point::Network,
            _ => Point::Territory,
        };
        let said = summary(evidence, &self.stage.world());
        let opened = self.first_open.is_some_and(|first| evidence.session >= Some(first));
        if opened {
            self.skip(point, format!("{said}; by the adapter, or by its library, whom a run judges"));
        } else {
            self.break_with(point, "hello, and nothing for the library", said);
        }
    }

    fn take_sighting(&mut self, evidence: &Evidence, place: &SightingPlace) {
        let said = summary(evidence, &self.stage.world());
        match place {
            // Every user of the machine sees these, whoever starts the program.
            SightingPlace::Argument { .. } | SightingPlace::Environment { .. } => {
                self.break_with(Point::Secrets, "secrets, in values", said);
            }
            SightingPlace::Reply { member, .. } if is_of_the_adapter(member) => {
                self.break_with(Point::Secrets, "secrets, in values", said);
            }
            SightingPlace::StandardOutput { .. }
            | SightingPlace::StandardError { .. }
            | SightingPlace::Reply { .. } => {
                if evidence.session != self.loud {
                    let reason = format!("{said}; by the adapter, or by its library, whom a run judges");
                    self.skip(Point::Secrets, reason);
                }
            }
            // What the library writes, and where, is what a run judges.
            SightingPlace::File { .. }
            | SightingPlace::FileName { .. }
            | SightingPlace::ExtendedAttribute { .. }
            | SightingPlace::Write { .. }
            | SightingPlace::BusMessage { .. }
            | SightingPlace::KeyringSecret { .. }
            | SightingPlace::KeyringAttribute { .. }
            | SightingPlace::Request { .. }
            | SightingPlace::RelocatedFile { .. } => {}
        }
    }
}

/// Whether a member of a reply is in the adapter's own words.
fn is_of_the_adapter(member: &str) -> bool {
    [HELLO_MEMBER, "unsupported.", "adapter_error."].iter().any(|prefix| member.starts_with(prefix))
}

/// Whether a socket belongs to a service of the machine, such as the search for users and hosts. The C library and others
/// try these without being asked; a bus or a keyring of the user's is never among them.
fn is_of_the_machine(address: &str) -> bool {
    let path = address.strip_prefix("unix:").unwrap_or_default();
    let of_the_machine = ["/run/", "/var/run/"].iter().any(|folder| path.starts_with(folder));
    of_the_machine && !path.contains("/run/user/")
}
