//! The seccomp filter that decides which calls are announced: a tiny typed assembler and the program itself.

use super::calls::{Clause, Rule, Trap};

/// One operation of a classic BPF program, in the layout of the kernel's `sock_filter`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(C)]
pub(super) struct Operation {
    code: u16,
    if_true: u8,
    if_false: u8,
    operand: u32,
}

/// The program for a list of rules.
///
/// A call of another architecture or of the x32 interface is announced, whatever it is. A call with a rule is
/// announced if the rule's clauses all hold. Everything else passes. `handover` is the address of the one message that
/// passes although [`Trap::UnlessHandover`] would announce it.
pub(super) fn program(rules: &[Rule], handover: u64) -> Vec<Operation> {
    let mut operations = vec![load(ARCHITECTURE_OFFSET), skip_unless(Test::Equal, NATIVE_ARCHITECTURE, 1)];
    operations.extend([skip_always(1), ANNOUNCE]);
    operations.push(load(NUMBER_OFFSET));
    if cfg!(target_arch = "x86_64") {
        operations.extend([skip_unless(Test::AnyBit, X32_BIT, 1), ANNOUNCE]);
    }
    for rule in rules {
        let body = body(rule.trap, handover);
        let length = u8::try_from(body.len()).expect("the body of a rule is short");
        operations.push(skip_unless(Test::Equal, rule.number, length));
        operations.extend(body);
    }
    operations.push(PASS);
    operations
}

fn body(trap: Trap, handover: u64) -> Vec<Operation> {
    match trap {
        Trap::Always => vec![ANNOUNCE],
        Trap::When(clauses) => {
            let mut operations: Vec<Operation> = clauses.iter().flat_map(|clause| unless(*clause)).collect();
            operations.push(ANNOUNCE);
            operations
        }
        Trap::UnlessHandover { argument } => vec![
            load(low_half(argument)),
            skip_unless(Test::Equal, low(handover), 3),
            load(low_half(argument) + 4),
            skip_unless(Test::Equal, high(handover), 1),
            PASS,
            ANNOUNCE,
        ],
    }
}

/// Operations that let the call pass unless the clause holds, and go on if it does.
fn unless(clause: Clause) -> Vec<Operation> {
    match clause {
        Clause::AnyBit { argument, mask } => {
            vec![load(low_half(argument)), skip_if(Test::AnyBit, mask, 1), PASS]
        }
        Clause::NoBit { argument, mask } => {
            vec![load(low_half(argument)), skip_unless(Test::AnyBit, mask, 1), PASS]
        }
        Clause::NonZero { argument } => vec![
            load(low_half(argument)),
            skip_if(Test::AnyBit, u32::MAX, 3),
            load(low_half(argument) + 4),
            skip_if(Test::AnyBit, u32::MAX, 1),
            PASS,
        ],
        Clause::EitherOf { argument, values: [first, second] } => vec![
            load(low_half(argument)),
            skip_if(Test::Equal, first, 2),
            skip_if(Test::Equal, second, 1),
            PASS,
        ],
    }
}

#[derive(Clone, Copy)]
enum Test {
    Equal,
    AnyBit,
}

impl Test {
    fn code(self) -> u16 {
        match self {
            Self::Equal => CLASS_JUMP | JUMP_EQUAL,
            Self::AnyBit => CLASS_JUMP | JUMP_SET,
        }
    }
}

const fn load(offset: u32) -> Operation {
    Operation { code: LOAD_WORD, if_true: 0, if_false: 0, operand: offset }
}

fn skip_if(test: Test, operand: u32, count: u8) -> Operation {
    Operation { code: test.code(), if_true: count, if_false: 0, operand }
}

fn skip_unless(test: Test, operand: u32, count: u8) -> Operation {
    Operation { code: test.code(), if_true: 0, if_false: count, operand }
}

const fn skip_always(count: u32) -> Operation {
    Operation { code: CLASS_JUMP, if_true: 0, if_false: 0, operand: count }
}

const fn low_half(argument: u8) -> u32 {
    ARGUMENTS_OFFSET + 8 * argument as u32
}

const fn low(value: u64) -> u32 {
    (value & 0xffff_ffff) as u32
}

const fn high(value: u64) -> u32 {
    (value >> 32) as u32
}

const PASS: Operation = Operation { code: RETURN, if_true: 0, if_false: 0, operand: libc::SECCOMP_RET_ALLOW };
const ANNOUNCE: Operation =
    Operation { code: RETURN, if_true: 0, if_false: 0, operand: libc::SECCOMP_RET_USER_NOTIF };

// Offsets in the kernel's `seccomp_data`, on a little-endian machine.
const NUMBER_OFFSET: u32 = 0;
const ARCHITECTURE_OFFSET: u32 = 4;
const ARGUMENTS_OFFSET: u32 = 16;

const LOAD_WORD: u16 = 0x20;
const CLASS_JUMP: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x10;
const JUMP_SET: u16 = 0x40;
const RETURN: u16 = 0x06;

/// The bit that tells a call of the x32 interface.
pub(super) const X32_BIT: u32 = 0x4000_0000;

/// The architecture of this process, as audit and seccomp number it.
#[cfg(target_arch = "x86_64")]
pub(super) const NATIVE_ARCHITECTURE: u32 = 0xc000_003e;
/// The architecture of this process, as audit and seccomp number it.
#[cfg(target_arch = "aarch64")]
pub(super) const NATIVE_ARCHITECTURE: u32 = 0xc000_00b7;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::calls::RULES, *};

    const HANDOVER: u64 = 0x7f12_3456_9abc;

    /// What the kernel would answer, worked out in plain Rust.
    fn run(architecture: u32, number: u32, arguments: [u64; 6]) -> u32 {
        let program = program(RULES, HANDOVER);
        let mut accumulator = 0_u32;
        let mut position = 0_usize;
        for _ in 0..=program.len() {
            let operation = program[position];
            position += 1;
            match operation.code {
                LOAD_WORD => {
                    accumulator = match operation.operand {
                        NUMBER_OFFSET => number,
                        ARCHITECTURE_OFFSET => architecture,
                        offset => {
                            let within = offset - ARGUMENTS_OFFSET;
                            let argument = arguments[(within / 8) as usize];
                            if within.is_multiple_of(8) { low(argument) } else { high(argument) }
                        }
                    }
                }
                CLASS_JUMP => position += operation.operand as usize,
                RETURN => return operation.operand,
                code => {
                    let holds = match code & !CLASS_JUMP {
                        JUMP_EQUAL => accumulator == operation.operand,
                        JUMP_SET => accumulator & operation.operand != 0,
                        other => panic!("an operation the assembler never makes: {other:#x}"),
                    };
                    position += usize::from(if holds { operation.if_true } else { operation.if_false });
                }
            }
        }
        panic!("the program does not end");
    }

    fn is_announced(number: libc::c_long, arguments: [u64; 6]) -> bool {
        match run(NATIVE_ARCHITECTURE, u32::try_from(number).unwrap(), arguments) {
            libc::SECCOMP_RET_USER_NOTIF => true,
            libc::SECCOMP_RET_ALLOW => false,
            other => panic!("neither announced nor passed: {other:#x}"),
        }
    }

    fn bits(flags: i32) -> u64 {
        u64::try_from(flags).unwrap()
    }

    #[test]
    fn an_open_is_announced_only_if_it_can_create_or_change() {
        for (flags, announced) in [
            (libc::O_RDONLY, false),
            (libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NOFOLLOW | libc::O_DIRECTORY, false),
            (libc::O_WRONLY, true),
            (libc::O_RDWR, true),
            (libc::O_RDONLY | libc::O_CREAT, true),
            (libc::O_RDONLY | libc::O_TRUNC, true),
            (libc::O_TMPFILE, true),
        ] {
            assert_eq!(is_announced(libc::SYS_openat, [0, 0, bits(flags), 0, 0, 0]), announced, "{flags:o}");
        }
        assert!(is_announced(libc::SYS_openat2, [0; 6]));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_flags_of_a_legacy_open_are_its_second_argument() {
        assert!(is_announced(libc::SYS_open, [0, bits(libc::O_RDWR), 0, 0, 0, 0]));
        assert!(!is_announced(libc::SYS_open, [0, 0, bits(libc::O_RDWR), 0, 0, 0]));
    }

    #[test]
    fn a_mapping_is_announced_only_if_it_shares_a_file() {
        let map = |flags: i32| is_announced(libc::SYS_mmap, [0, 0, 0, bits(flags), 0, 0]);
        assert!(map(libc::MAP_SHARED));
        assert!(map(libc::MAP_SHARED_VALIDATE));
        assert!(!map(libc::MAP_PRIVATE));
        assert!(!map(libc::MAP_SHARED | libc::MAP_ANONYMOUS));
    }

    #[test]
    fn a_datagram_is_announced_only_if_it_has_an_address() {
        assert!(!is_announced(libc::SYS_sendto, [0; 6]));
        assert!(is_announced(libc::SYS_sendto, [0, 0, 0, 0, 1, 0]));
        assert!(is_announced(libc::SYS_sendto, [0, 0, 0, 0, 1 << 32, 0]));
    }

    #[test]
    fn every_message_is_announced_but_the_one_that_hands_over_the_listener() {
        assert!(is_announced(libc::SYS_sendmsg, [0; 6]));
        assert!(is_announced(libc::SYS_sendmsg, [0, HANDOVER + (1 << 32), 0, 0, 0, 0]));
        assert!(is_announced(libc::SYS_sendmsg, [0, HANDOVER + 1, 0, 0, 0, 0]));
        assert!(!is_announced(libc::SYS_sendmsg, [0, HANDOVER, 0, 0, 0, 0]));
    }

    #[test]
    fn an_ioctl_is_announced_only_if_it_clones_file_contents() {
        assert!(is_announced(libc::SYS_ioctl, [0, 0x4004_9409, 0, 0, 0, 0]));
        assert!(is_announced(libc::SYS_ioctl, [0, 0x4020_940d, 0, 0, 0, 0]));
        assert!(!is_announced(libc::SYS_ioctl, [0, 0x5401, 0, 0, 0, 0]));
    }

    #[test]
    fn foreign_architectures_and_x32_are_announced_whatever_they_call() {
        let getpid = u32::try_from(libc::SYS_getpid).unwrap();
        assert_eq!(run(0x4000_0003, getpid, [0; 6]), libc::SECCOMP_RET_USER_NOTIF);
        assert_eq!(run(NATIVE_ARCHITECTURE, getpid, [0; 6]), libc::SECCOMP_RET_ALLOW);
        #[cfg(target_arch = "x86_64")]
        assert_eq!(run(NATIVE_ARCHITECTURE, getpid | X32_BIT, [0; 6]), libc::SECCOMP_RET_USER_NOTIF);
    }

    #[test]
    fn a_number_is_announced_always_exactly_if_its_rule_says_so() {
        let always: BTreeSet<u32> =
            RULES.iter().filter(|rule| matches!(rule.trap, Trap::Always)).map(|rule| rule.number).collect();
        for number in 0..600 {
            // All-zero arguments satisfy no clause; sendmsg is the rule that is announced unless told otherwise.
            let announced = run(NATIVE_ARCHITECTURE, number, [0; 6]) == libc::SECCOMP_RET_USER_NOTIF;
            let expected = always.contains(&number) || libc::c_long::from(number) == libc::SYS_sendmsg;
            assert_eq!(announced, expected, "system call {number}");
        }
    }

    #[test]
    fn an_operation_has_the_layout_of_the_kernel() {
        assert_eq!(size_of::<Operation>(), size_of::<libc::sock_filter>());
        assert_eq!(align_of::<Operation>(), align_of::<libc::sock_filter>());
    }
}
