/* pace.c: a minimum over a sliding window, as congestion control has it (BBR, N. Cardwell et al. 2016). */
#include "store/pace.h"

#include "base/time.h"
#include "store/lane.h"

void pace_init(struct pace *pace)
{
    *pace = (struct pace){.most = LANE_BATCH_MOST, .least_ns = {UINT64_MAX, UINT64_MAX}};
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void slide(struct pace *pace, uint64_t now_ns)
{
    if (now_ns - pace->began_ns < NS_PER_S)
        return;
    pace->least_ns[1] = now_ns - pace->began_ns < 2 * (uint64_t)NS_PER_S ? pace->least_ns[0] : UINT64_MAX;
    pace->least_ns[0] = UINT64_MAX;
    pace->began_ns = now_ns;
}

void pace_note(struct pace *pace, unsigned n, uint64_t took_ns, uint64_t now_ns)
{
    slide(pace, now_ns - took_ns); /* a long one is held against those before it */
    pace->least_ns[0] = smaller(pace->least_ns[0], took_ns);
    const uint64_t any_ns = smaller(pace->least_ns[0], pace->least_ns[1]);
    const uint64_t each_ns = (took_ns - any_ns) / n;
    const uint64_t twice = smaller(2 * (uint64_t)pace->most, LANE_BATCH_MOST);
    const uint64_t fit = each_ns > 0 ? (uint64_t)PACE_MS * NS_PER_MS / each_ns : twice;
    pace->most = (unsigned)(fit == 0 ? 1 : smaller(fit, twice));
}
