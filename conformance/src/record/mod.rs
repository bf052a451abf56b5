//! Results of a run as a file: header, results, mandatory footer.
