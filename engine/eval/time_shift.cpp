#include "engine/eval/time_shift.h"

namespace tocsin {

std::int64_t shifted(const TimeShift& shift, const Evaluation& evaluation, std::int64_t at_ms) {
    if (shift.at) {
        switch (shift.at->kind) {
            case AtModifier::Kind::Time: at_ms = to_unix_ms(shift.at->time); break;
            case AtModifier::Kind::Start: at_ms = evaluation.start_ms(); break;
            case AtModifier::Kind::End: at_ms = evaluation.end_ms(); break;
        }
    }
    return at_ms - shift.offset.count();
}

}  // namespace tocsin
