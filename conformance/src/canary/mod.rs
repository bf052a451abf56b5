//! Fresh random secrets that exist nowhere else: their making, their encodings, and the search for them.
