#pragma once

#include <cstdint>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/eval/compiler.h"

namespace tocsin {

/// What the speakers of a plan said in a run. Of several notes with one text the first is told.
class Told {
public:
    explicit Told(const std::vector<Compiled::Speaker>& speakers) : speakers_(speakers) {}

    /// True when it is something else than last time.
    bool update(std::uint64_t run) {
        now_.clear();
        for_each_raised(run, [&](const Note& note, const Compiled::Speaker&) { now_.push_back(note.id); });
        if (now_ == ids_) return false;
        std::swap(ids_, now_);
        return true;
    }

    Annotations annotations(std::uint64_t run) const {
        Annotations annotations;
        std::set<std::string_view> told;
        for_each_raised(run, [&](const Note& note, const Compiled::Speaker& speaker) {
            if (!told.insert(note.text).second) return;
            (note.is_warning ? annotations.warnings : annotations.infos)
                .push_back(to_string(note, speaker.positions[note.place]));
        });
        return annotations;
    }

private:
    template <class Visit>
    void for_each_raised(std::uint64_t run, Visit&& visit) const {
        for (const Compiled::Speaker& speaker : speakers_) {
            speaker.speaker->notes()->for_each_raised_in(run, [&](const Note& note) { visit(note, speaker); });
        }
    }

    const std::vector<Compiled::Speaker>& speakers_;
    std::vector<std::uint64_t> ids_, now_;
};

}  // namespace tocsin
