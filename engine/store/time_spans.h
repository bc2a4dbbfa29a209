#pragma once

#include <map>
#include <vector>

#include "base/time.h"

namespace tocsin {

/// The stretches of time in which there is something: moments that are not further apart than `together` are one. Where
/// there are too many to be kept, those that are near each other become one, too.
class TimeSpans {
public:
    struct Span {
        Timestamp first, last;
        bool operator==(const Span&) const = default;
    };

    explicit TimeSpans(Duration together) : together_(together) {}

    void add(Timestamp at) { add(Span{at, at}); }
    void add(const Span& span);
    void add(const TimeSpans& others);

    /// In the order of time.
    std::vector<Span> spans() const;
    /// What lies between them, from the last moment of one to the first of the next.
    std::vector<Span> gaps() const;

private:
    void join_near_ones();

    Duration together_;
    std::map<Timestamp, Timestamp> spans_;  // by their first moments
};

}  // namespace tocsin
