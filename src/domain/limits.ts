/**
 * Every bound of the program in one place. A queue, buffer or table has a length here, a policy where it is used
 * and a metric on `/metrics`.
 */
export const limits = {
  /** Largest MQTT packet taken from a client; a larger one closes the connection. */
  packetBytesMax: 256 * 1024,
  /** Largest CONNECT packet. */
  connectBytesMax: 4 * 1024,
  /** Bytes waiting for one slow subscriber; above it QoS 0 is dropped and then the client. */
  clientOutboundBytesMax: 4 * 1024 * 1024,
  /** Messages and bytes that wait for one session that is away, and bytes for all; the oldest gives way. */
  sessionMessagesMax: 4_096,
  sessionBytesMax: 1024 * 1024,
  sessionsBytesMax: 32 * 1024 * 1024,
  /** Sessions kept for clients that are away; the one that left first gives way. */
  sessionsAwayMax: 1_000,
  /** Ids of QoS 2 messages of one client that are taken and not released; the oldest gives way. */
  exactlyOnceIdsMax: 1_024,
  /** Filters of one client, and of all; a further one is refused. */
  subscriptionsPerClientMax: 4_096,
  subscriptionsMax: 32_768,
  /** Acknowledgements of one connection that wait for a commit, and the bytes of messages that are passed on after it;
   *  above either its socket is paused. */
  heldAcknowledgementsMax: 8_192,
  heldBytesMax: 1024 * 1024,
  /** Retained topics of clients, and their bytes; a message on a further one is delivered and not kept. */
  retainedTopicsMax: 20_000,
  retainedBytesMax: 32 * 1024 * 1024,
  /** Connections at the same time. */
  connectionsMax: 1_000,
  /** Journal rows accepted and not yet on disk; above it sockets are no longer read. */
  unstoredRowsMax: 65_536,
  /** Of these, what one connection may hold before its socket is paused. */
  unstoredRowsPerConnectionMax: 4_096,
  /** Wait for the next edge of a schedule in one piece: meanwhile the wall clock may be slewed. */
  scheduleWaitMsMax: 3_600_000,
  /** Rows in one transaction. */
  groupRowsMax: 8_192,
  /** A group smaller than this is a small commit and is charged to `commit_delay`. */
  smallGroupRows: 128,
  /** Small commits that may run free in a burst. */
  smallCommitBurst: 20,
  /** Readings nobody waits for (QoS 0, serial) are on disk after this at the latest. */
  lossWindowMs: 2_000,
  /** Distinct topics remembered with their decoder. */
  topicCacheMax: 20_000,
  /** Points in the registry; the readings of further ones are rejected with a reason. */
  pointsMax: 20_000,
  /** Readings kept of the window of one alert; where more come, those that say the most. */
  windowSamplesMax: 4_096,
  /** Stored rows looked at to fill the windows at a start. */
  recentRowsMax: 500_000,
  /** How deep the conditions of a compound rule may nest. */
  clauseDepthMax: 4,
  /** Members of a compound rule that are kept with each event of its alert, and that its message names. */
  clauseMembersToldMax: 20,
  clauseMessageMembersMax: 5,
  /** `limen why-not` looks so far before and after a moment: a person seldom knows it to the minute. */
  whyNotAroundMs: 1_800_000,
  /** Journal numbers looked at before a moment, and after it; the readings of these that are given to
   *  the engine; and events of one occurrence, or readings without a value in a row, that are gone through. */
  whyNotRowsMax: 2_000_000,
  whyNotReadingsMax: 200_000,
  whyNotEventsMax: 2_000,
  /** A window is judged without a reading after so many parts of it, but not more often than this. */
  windowSteps: 100,
  windowStepMsMin: 1_000,
  /** Numbers, names and operators of one expression. */
  expressionNodesMax: 200,
  /** How many points may be calculated from each other, one after the other. */
  derivedDepthMax: 16,
  /** Distinct text states of one point. */
  textStatesMax: 256,
  /** Length of a text state. */
  textStateCharsMax: 64,
  /** Metrics in one JSON payload, and how deep it may nest. */
  payloadMetricsMax: 500,
  payloadDepthMax: 8,
  /** Samples kept of payloads that could not be read, and the bytes of each. */
  quarantineRowsMax: 1_000,
  quarantineBytesMax: 1_024,
  /** Raw bytes of a reading kept as evidence with an alert event. */
  evidenceBytesMax: 1_024,
  /** Notifications waiting in memory for one notifier; further ones are read from disk later. */
  notificationsQueueMax: 256,
  /** A line or a frame of a serial port; a longer one is dropped up to its end. */
  serialFrameBytesMax: 4_096,
  /** The engine proves so often that it lives: only then are the leases of boards renewed. */
  boardProofMs: 250,
  /** Bytes of serial ports on their way to the intake; above it the port is read no further. */
  serialBytesWaitingMax: 65_536,
  /** Rows that are not on disk yet; above it serial lines are read no further. */
  serialUnstoredRowsMax: 16_384,
  /** The bad lines of a serial port are counted over this span, and reported so often. */
  lineWatchSpanMs: 60_000,
  lineWatchMs: 10_000,
  /** Readings older than this by their own time go to history only. */
  lateAfterMs: 120_000,
  /** Accepted distance of a source time from a trusted clock. */
  sourceTimePastMs: 7 * 86_400_000,
  sourceTimeFutureMs: 60_000,
  /** With no input for this long a tick is written. */
  tickMs: 30_000,
  /** A shelf lasts no longer, unless the rule says otherwise. */
  shelveMaxDefaultMs: 8 * 3_600_000,
  /** An alert out of service is reminded of this often. */
  serviceReminderMs: 24 * 3_600_000,
  /** An alert raised so often within this time is chattering, until no raise has come for so long. */
  chatterRaises: 3,
  chatterWithinMs: 60_000,
  chatterQuietMs: 300_000,
  /** More alerts than this within this time are a flood, until fewer than `floodAlertsEnd` came in such a time. */
  floodAlertsMax: 10,
  floodAlertsEnd: 5,
  floodWithinMs: 600_000,
  /** Rules, and devices of each, that are named in what is told of a flood. */
  floodRulesNamedMax: 4,
  floodDevicesNamedMax: 3,
  /** A stop longer than this raises `limen.was_down`. */
  wasDownAfterMs: 60_000,
  /** Points of which `limen.was_down` tells the last and the first value. */
  wasDownPointsMax: 20,
  /** A point named in full is expected this often unless the config says otherwise. */
  expectEveryDefaultMs: 600_000,
  /** An interval is learned from so many gaps between readings over so much time, and looked at anew this often. */
  learnGapsMin: 50,
  learnSpanMs: 86_400_000,
  learnLookMs: 15 * 60_000,
  /** Gaps are forgotten when they are between one and two times as old as this. */
  learnGenerationMs: 84 * 3_600_000,
  /** A learned interval that differs by less than this part of it is the same. */
  learnChangeMin: 0.05,
  /** What was gathered of a point is written at least this often. */
  habitStoredMs: 6 * 3_600_000,
  /** A learned interval never makes a point stale sooner. */
  staleAfterMsMin: 10_000,
  /** Another broker that is away for this long is lost, whatever its points do. */
  bridgeLostAfterMs: 60_000,
  /** A point is overdue after this many expected intervals; when half of them are, their source is lost. */
  overdueIntervals: 1.5,
  /** So long the first silent point of a source waits with its message until it is known whether the source is lost. */
  sourceDoubtMsMax: 120_000,
  /** Arrivals of a point in a row by which the client that brings it is known. */
  sourceArrivals: 3,
  /** A client counts as connected, and as lost, after so long: a sensor that sleeps between its reports is neither. */
  sourceSteadyMs: 60_000,
  sourceAwayMs: 10_000,
  /** A point is stale, or bad, after this many expected intervals. */
  missedIntervals: 3,
  /** QoS 1 messages of another broker taken and not yet acknowledged; above it its socket is paused. */
  remoteUnacknowledgedMax: 1_024,
  remoteUnacknowledgedBytesMax: 8 * 1024 * 1024,
  /** Messages sent to another broker that it has not acknowledged; further ones wait here. */
  remoteWindowMax: 256,
  /** Retained topics, and other messages, that wait for another broker; above it the oldest is dropped. */
  remoteStatesMax: 20_000,
  remoteEventsMax: 4_096,
  /** Waiting lines of one live stream (`limen watch`); a slower reader is cut off. */
  streamLinesMax: 4_096,
  /** Live streams at the same time; a further one is cut off at once. */
  streamListenersMax: 64,
  /** A program that switches an output takes no longer, and so many characters of what it says are logged. */
  outputProgramTimeoutMs: 10_000,
  outputSaidCharsMax: 500,
  /** A program that failed is run again after so long, so many times; what has failed is tried again this often. */
  outputProgramPauseMs: 1_000,
  outputProgramRetries: 2,
  outputRetryMs: 60_000,
  /** A pin of a board shows its level within this, else it is set again, so many times. */
  pinShownWithinMs: 2_000,
  pinRetries: 2,
  /** A command to a pin that did not get to its board within this has no effect. */
  pinCommandMs: 2_000,
  /** Readings of one Firmata board on their way to the intake; what comes above it is lost. */
  firmataReadingsWaitingMax: 1_000,
  /** An output whose board is away for so long has failed; within the lease the board has gone safe by itself. */
  boardAwayMs: 10_000,
  /** A GPIO line that is held for so long is held. */
  gpioHoldMs: 300,
  /** What failed before a start, or before another device took its place, is known to work if it has not failed by then. */
  outputFaultWaitMs: 60_000,
  /** A hold by hand lasts so long unless it says otherwise, and no longer than this. */
  holdDefaultMs: 3_600_000,
  holdMaxMs: 7 * 86_400_000,
  /** A command of a person that says when it was given is refused once it is older, unless the output says otherwise. */
  commandTtlMs: 60_000,
  /** One attempt of a notifier, and of the heartbeat, takes no longer. */
  webhookTimeoutMs: 10_000,
  notifyCommandTimeoutMs: 30_000,
  /** A notification is tried again after 1 s, 2 s, 4 s and so on, up to this, and given up after so long. */
  notifyBackoffMaxMs: 300_000,
  notifyGiveUpMs: 86_400_000,
  /** When something new is to be told it is tried again at once, unless that was tried within so long. */
  notifyAgainForNewMs: 30_000,
  /** A notifier that has delivered nothing for so long, in spite of attempts, has failed. */
  notifierFailedAfterMs: 300_000,
  /** Storage that commits nothing for so long has failed, and a wall clock that is not trusted for so long. */
  storageFailedAfterMs: 10_000,
  clockFailedAfterMs: 600_000,
  /** Characters kept of what a notifier's command or server said about a failure. */
  notifyDetailCharsMax: 500,
} as const;
