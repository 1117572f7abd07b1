/* Feature set `shicho-v2`: most of `sandbox-26`, with planes for earlier ladders, pass-alive area, komi and rules. */
#ifndef SHICHO_SHICHO_V2_H
#define SHICHO_SHICHO_V2_H

#include "features.h"

void features_shicho_v2(const Position *position, uint64_t planes[][PLANE_WORDS]);

#endif
